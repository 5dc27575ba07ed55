import { randomBytes } from 'node:crypto'
import { translateError, type Redis } from '#infra/redis/index.ts'
import type { Identity, Tickets } from './ports.ts'

export interface TicketOptions {
  readonly redis: Pick<Redis, 'set' | 'getdel'>
  readonly now?: () => number
}

export const ticketTtlSeconds = 30

/**
 * Tickets carry a login into a WebSocket handshake, where browsers can set no header but the subprotocol: 256 random bits
 * in base64url, which is a token as RFC 6455 wants it. Redis holds them; a lost Redis costs a new ticket.
 */
export function createTickets(options: TicketOptions): Tickets {
  const { redis, now = Date.now } = options
  return {
    async issue(identity) {
      const ticket = randomBytes(32).toString('base64url')
      const expiresAtMs = now() + ticketTtlSeconds * 1000
      await redis.set(keyOf(ticket), JSON.stringify(identity), 'EX', ticketTtlSeconds).catch(rethrow)
      return { ticket, expiresAtMs }
    },
    async redeem(ticket) {
      if (!/^[A-Za-z0-9_-]{43}$/.test(ticket)) return undefined
      const stored = await redis.getdel(keyOf(ticket)).catch(rethrow)
      if (stored === null) return undefined
      const identity = JSON.parse(stored) as Identity
      return identity.expiresAtMs > now() ? identity : undefined
    },
  }
}

function keyOf(ticket: string): string {
  return `gochat:ticket:${ticket}`
}

function rethrow(error: unknown): never {
  throw translateError(error)
}
