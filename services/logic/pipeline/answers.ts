import type { StoredAnswer } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { commandKey, messageKey } from './consume.ts'

/** Stored answers, found by the key of an item or by the seq of their entry. */
export interface Answers {
  readonly size: number
  add(answers: readonly StoredAnswer[]): void
  find(key: string): StoredAnswer | undefined
  findSeq(conversationId: string, seq: number): StoredAnswer | undefined
}

export function createAnswers(): Answers {
  const byKey = new Map<string, StoredAnswer>()
  return {
    get size() {
      return byKey.size
    },
    add(answers) {
      for (const answer of answers) {
        const { conversationId, actorId, clientMessageId, commandId, entry } = answer
        if (clientMessageId !== '') byKey.set(messageKey(conversationId, actorId, clientMessageId), answer)
        if (commandId !== '') byKey.set(commandKey(conversationId, actorId, commandId), answer)
        if (entry !== undefined) byKey.set(seqKey(conversationId, entry.seq), answer)
      }
    },
    find: (key) => byKey.get(key),
    findSeq: (conversationId, seq) => byKey.get(seqKey(conversationId, seq)),
  }
}

function seqKey(conversationId: string, seq: number): string {
  return `${conversationId} ${seq}`
}
