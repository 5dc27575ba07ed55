import { AppError, toAppError } from '#infra/errors/index.ts'
import { limits, type HistoryFrame, type SyncFrame } from '#proto/frames/index.ts'
import type { Head } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import type { History, LogicClients } from '../ports.ts'
import type { Connection } from './connection.ts'
import { pageFrame } from './page-frame.ts'

/** sync and history: asked of logic, answered on the same socket. */
export interface Queries {
  sync(connection: Connection, userId: string, frame: SyncFrame): void
  history(connection: Connection, userId: string, frame: HistoryFrame): void
}

const maxInFlight = 4
const timeoutMs = 5000

export function createQueries(message: Pick<LogicClients['message'], 'getHeads'>, history: History): Queries {
  const inFlight = new WeakMap<Connection, number>()

  /** Runs one question of a connection; its failure is an error frame with the question's id. */
  function ask(connection: Connection, id: string, question: () => Promise<void>): void {
    const running = inFlight.get(connection) ?? 0
    if (running >= maxInFlight) {
      connection.refuse(new AppError('RATE_LIMITED', { details: { maxInFlight } }), id)
      return
    }
    inFlight.set(connection, running + 1)
    question()
      .catch((error: unknown) => connection.refuse(toAppError(error), id))
      .finally(() => inFlight.set(connection, (inFlight.get(connection) ?? 1) - 1))
  }

  return {
    sync(connection, actorId, { id, have, afterId }) {
      ask(connection, id, async () => {
        const request = { actorId, have, limit: limits.maxHeadsPage, ...(afterId === undefined ? {} : { afterId }) }
        const { heads, hasMore, nextAfterId } = await message.getHeads(request, { timeoutMs })
        const conversations = heads.map(toHead)
        connection.send({ t: 'synced', id, conversations, ...(hasMore ? { nextAfterId } : {}) })
      })
    },
    history(connection, actorId, { id, conversationId, afterSeq, upToSeq = 0, limit = limits.maxHistoryPage }) {
      ask(connection, id, async () => {
        const { entries, lastSeq } = await history.page({ actorId, conversationId, afterSeq, upToSeq, limit })
        connection.sendPrepared(pageFrame(id, conversationId, entries, lastSeq), 'page')
      })
    },
  }
}

function toHead({ conversationId, lastSeq, joinSeq, leaveSeq, readSeq, unread }: Head) {
  return { conversationId, lastSeq, joinSeq, ...(leaveSeq === 0 ? {} : { leaveSeq }), readSeq, unread }
}
