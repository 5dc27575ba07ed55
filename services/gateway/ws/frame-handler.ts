/**
 * Station 3 of the message path. Before: services/gateway/ws/session.ts. After: services/gateway/upstream.ts.
 * A send frame becomes commands, one a message, all with the same place to answer to.
 */
import { AppError } from '#infra/errors/index.ts'
import type { ClientFrame, SendFrame } from '#proto/frames/index.ts'
import type { NewCommand, Rates, Upstream } from '../ports.ts'
import type { Coalescer } from './coalesce.ts'
import type { Connection } from './connection.ts'
import type { Queries } from './queries.ts'

/** What each frame of a client that is ready does. */
export interface FrameHandler {
  handle(connection: Connection, frame: HandledFrame): void
}

export type HandledFrame = Exclude<ClientFrame, { t: 'auth' | 'ping' | 'pong' }>

export interface FrameHandlerDeps {
  readonly upstream: Upstream
  readonly rates: Pick<Rates, 'takeSend'>
  readonly coalescer: Coalescer
  readonly queries: Queries
}

export function createFrameHandler({ upstream, rates, coalescer, queries }: FrameHandlerDeps): FrameHandler {
  function send(connection: Connection, userId: string, { id, conversationId, messages }: SendFrame): void {
    const waitMs = rates.takeSend(userId, connection.ip, messages.length)
    if (waitMs > 0) {
      connection.refuse(new AppError('RATE_LIMITED', { retryAfterMs: waitMs }), id)
      return
    }
    const commands = messages.map(({ clientMessageId, type, body }): NewCommand => {
      // Written anew, so that equal content is equal bytes, and nobody behind here parses it.
      const value = { type, body: Buffer.from(JSON.stringify(body)) }
      return { id: clientMessageId, conversationId, actorId: userId, body: { case: 'send', value } }
    })
    const isTaken = upstream.submit(commands, { connection: connection.number, request: id })
    if (!isTaken) connection.refuse(new AppError('OVERLOADED'), id)
  }

  return {
    handle(connection, frame) {
      const userId = connection.identity?.userId
      if (userId === undefined) return
      switch (frame.t) {
        case 'send':
          return send(connection, userId, frame)
        case 'read':
          if (!coalescer.read(userId, frame.conversationId, frame.seq)) connection.refuse(new AppError('RATE_LIMITED'))
          return
        case 'typing':
          if (!coalescer.typing(userId, frame.conversationId)) connection.refuse(new AppError('RATE_LIMITED'))
          return
        case 'sync':
          return queries.sync(connection, userId, frame)
        case 'history':
          return queries.history(connection, userId, frame)
      }
    },
  }
}
