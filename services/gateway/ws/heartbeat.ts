import { AppError } from '#infra/errors/index.ts'
import type { Connection } from './connection.ts'
import { jsonFrame } from './text-frame.ts'

/** Pings every socket, and closes those from which nothing came back. A wheel with a spoke per tick: no timer per socket. */
export interface Heartbeat {
  add(connection: Connection): void
  remove(connection: Connection): void
  /** Every `tickMs`. */
  tick(): void
}

export interface HeartbeatOptions {
  readonly pingIntervalMs: number
  readonly pongTimeoutMs: number
  /** How often tick() is called. */
  readonly tickMs: number
  /** Milliseconds, monotone. */
  readonly now?: () => number
}

/** A tick may come this much later than it should before it counts as late. */
const lateMs = 500

export function createHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { pingIntervalMs, pongTimeoutMs, tickMs, now = () => performance.now() } = options
  const spokes = Array.from({ length: Math.ceil(pingIntervalMs / tickMs) }, () => new Set<Connection>())
  const pongTicks = Math.ceil(pongTimeoutMs / tickMs)
  const spokeOf = new WeakMap<Connection, Set<Connection>>()
  const ping = jsonFrame({ t: 'ping' })
  let turn = 0
  let lastTickMs = now()

  function spokeAt(position: number): Set<Connection> {
    return spokes[((position % spokes.length) + spokes.length) % spokes.length]!
  }

  return {
    add(connection) {
      // The spoke just passed: its first ping comes after a whole interval.
      const spoke = spokeAt(turn)
      spoke.add(connection)
      spokeOf.set(connection, spoke)
    },
    remove(connection) {
      spokeOf.get(connection)?.delete(connection)
    },
    tick() {
      // The process stood still: what clients sent meanwhile is not read yet.
      const isLate = now() - lastTickMs > 2 * tickMs + lateMs
      lastTickMs = now()
      turn += 1
      for (const connection of spokeAt(turn - pongTicks)) {
        if (isLate || connection.isAlive) connection.isAlive = true
        else connection.closeWith(new AppError('HEARTBEAT_TIMEOUT'))
      }
      for (const connection of spokeAt(turn)) {
        connection.isAlive = false
        connection.sendPrepared(ping, 'ping')
      }
    },
  }
}
