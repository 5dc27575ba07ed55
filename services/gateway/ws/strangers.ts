import { AppError } from '#infra/errors/index.ts'
import { addressKey, isLoopback } from '../rates.ts'
import type { Connection } from './connection.ts'

/** Sockets that have not said who they are: few, few from one address, and not for long. */
export interface Strangers {
  /** False: there are too many of them. */
  add(connection: Connection): boolean
  /** It has said who it is, or has gone. */
  remove(connection: Connection): void
  /** Once a second: closes who took too long. */
  tick(): void
}

export interface StrangersOptions {
  readonly authTimeoutMs: number
  /** Peers on 127.0.0.0/8 count towards the whole only, as the declared loopback profile says. */
  readonly isLoopbackTrusted: boolean
  readonly now?: () => number
}

const maxAll = 2000
const maxPerAddress = 20

export function createStrangers(options: StrangersOptions): Strangers {
  const { authTimeoutMs, isLoopbackTrusted, now = () => performance.now() } = options
  /** In the order of their deadlines. */
  const deadlines = new Map<Connection, number>()
  const perAddress = new Map<string, number>()

  return {
    add(connection) {
      const { ip } = connection
      const key = addressKey(ip)
      const count = perAddress.get(key) ?? 0
      const isExempt = isLoopbackTrusted && isLoopback(ip)
      if (deadlines.size >= maxAll || (count >= maxPerAddress && !isExempt)) return false
      perAddress.set(key, count + 1)
      deadlines.set(connection, now() + authTimeoutMs)
      return true
    },
    remove(connection) {
      if (!deadlines.delete(connection)) return
      const key = addressKey(connection.ip)
      const left = (perAddress.get(key) ?? 1) - 1
      if (left === 0) perAddress.delete(key)
      else perAddress.set(key, left)
    },
    tick() {
      const nowMs = now()
      for (const [connection, deadlineMs] of deadlines) {
        if (deadlineMs > nowMs) return
        this.remove(connection)
        connection.closeWith(new AppError('AUTH_TIMEOUT'))
      }
    },
  }
}
