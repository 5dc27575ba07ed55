import { create, toBinary, fromBinary } from '@bufbuild/protobuf'
import { AppError } from '#infra/errors/index.ts'
import type { ConversationKind, Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { StateWish } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import {
  AppendStreamRequestSchema,
  AppendStreamResponseSchema,
  PartitionClaimSchema,
  StoredAnswerSchema,
  type AppendStreamRequest,
  type AppendStreamResponse,
  type ConversationAppend,
  type StoredAnswer,
} from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import type { AppendStream } from '../append.ts'
import { commandKey, messageKey } from '../consume.ts'
import type { RepoPort } from '../repo-port.ts'
import { joinRequestsOf, newConversation, stateOf, write, type MemoryConversation } from './memory-conversation.ts'

/** `before`: nothing happened. `after`: it is committed, and only the answer is lost. */
export type AppendFault = 'unavailable before' | 'unavailable after' | 'broken before' | 'broken after'

/** What repo promises, in memory: unique ids, fenced offsets, one transaction or nothing, and faults on demand. */
export interface MemoryRepo extends RepoPort {
  readonly conversations: Map<string, MemoryConversation>
  readonly answers: ReadonlyMap<string, StoredAnswer>
  readonly users: Set<string>
  /** Of the users. */
  readonly guests: Set<string>
  readonly requests: AppendStreamRequest[]
  /** What states were asked for, in order. */
  readonly wishes: StateWish[]
  /** Each is used up by one append. */
  readonly faults: AppendFault[]
  isDown: boolean
  /** Answers wait until it is released. */
  hold(): () => void
  openAppendStream(): AppendStream
  ownerOf(partition: number): { epoch: number; nextOffset: number }
  addConversation(id: string, kind: ConversationKind, members: Record<string, Role>): void
}

/** A text that the database refuses. */
export const unstorable = 'unstorable'

export function createMemoryRepo(): MemoryRepo {
  const conversations = new Map<string, MemoryConversation>()
  const answers = new Map<string, StoredAnswer>()
  const owners = new Map<number, { epoch: number; nextOffset: number }>()
  const users = new Set<string>()
  const guests = new Set<string>()
  const requests: AppendStreamRequest[] = []
  const wishes: StateWish[] = []
  const faults: AppendFault[] = []
  let gate: Promise<void> | undefined

  function ownerOf(partition: number) {
    const owner = owners.get(partition) ?? { epoch: 0, nextOffset: 0 }
    owners.set(partition, owner)
    return owner
  }

  const repo: MemoryRepo = {
    conversations,
    answers,
    users,
    guests,
    requests,
    wishes,
    faults,
    isDown: false,
    ownerOf,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      return () => {
        gate = undefined
        resolve()
      }
    },
    addConversation(id, kind, members) {
      for (const userId of Object.keys(members)) users.add(userId)
      conversations.set(id, newConversation(id, kind, members))
    },
    async loadStates(asked) {
      refuseWhenDown()
      wishes.push(...asked)
      return asked.flatMap((wish) => {
        const found = conversations.get(wish.conversationId)
        return found === undefined ? [] : [stateOf(found, wish)]
      })
    },
    async findUsers(ids) {
      refuseWhenDown()
      return ids.filter((id) => users.has(id)).map((id) => ({ id, isGuest: guests.has(id) }))
    },
    async loadJoinRequests(wishes) {
      refuseWhenDown()
      const known = [...wishes.keys()].flatMap((id) => conversations.get(id) ?? [])
      const named = new Set([...wishes.values()].flatMap((userIds) => [...userIds]))
      const pending = (userId: string) =>
        [...conversations.values()].filter(({ joinRequests }) => joinRequests.get(userId)?.isPending === true).length
      return {
        conversations: known.map((conversation) => joinRequestsOf(conversation, named)),
        pendingByUser: Object.fromEntries([...named].map((userId) => [userId, pending(userId)])),
      }
    },
    async claim(partitions) {
      refuseWhenDown()
      return partitions.map(({ partition, logStart, logEnd }) => {
        const owner = ownerOf(partition)
        owner.epoch += 1
        owner.nextOffset = Math.min(Math.max(owner.nextOffset, logStart), logEnd)
        return create(PartitionClaimSchema, { partition, ...owner })
      })
    },
    openAppendStream() {
      let onMessage: (response: AppendStreamResponse) => void = () => {}
      let onEnd: (error?: AppError) => void = () => {}
      let isOpen = true
      const breakOff = () => {
        isOpen = false
        onEnd(new AppError('UNAVAILABLE'))
      }
      async function answer(request: AppendStreamRequest): Promise<void> {
        await gate
        if (repo.isDown) return breakOff()
        const fault = faults.shift()
        if (fault === 'broken before') return breakOff()
        const unavailable = { case: 'unavailable', value: { reason: 'a fault' } } as const
        const result = fault === 'unavailable before' ? unavailable : append(request)
        if (fault === 'broken after') return breakOff()
        const response = create(AppendStreamResponseSchema, {
          requestId: request.requestId,
          result: fault === 'unavailable after' ? unavailable : result,
        })
        if (isOpen) onMessage(overTheWire(response))
      }
      return {
        write(request) {
          const received = fromBinary(AppendStreamRequestSchema, toBinary(AppendStreamRequestSchema, request))
          requests.push(received)
          setImmediate(() => void answer(received))
          return true
        },
        onMessage: (listener) => void (onMessage = listener),
        onEnd: (listener) => void (onEnd = listener),
        end: () => void (isOpen = false),
        fail: () => void (isOpen = false),
      }
    },
  }
  return repo

  function refuseWhenDown(): void {
    if (repo.isDown) throw new AppError('UNAVAILABLE')
  }

  function append(request: AppendStreamRequest): AppendStreamResponse['result'] {
    const { partitions } = request
    const fenced = partitions.filter(({ partition, epoch }) => ownerOf(partition).epoch !== epoch)
    if (fenced.length > 0) return result('fenced', { partitions: fenced.map(({ partition }) => partition) })
    const isApplied = partitions.some(
      ({ partition, fromOffset, toOffset }) => fromOffset < toOffset && ownerOf(partition).nextOffset === toOffset,
    )
    const known = request.conversations.flatMap(knownIn)
    if (isApplied) return result('known', { answers: [...known, ...lookUp(request)], alreadyApplied: true })
    const behind = partitions.filter(({ partition, fromOffset }) => ownerOf(partition).nextOffset !== fromOffset)
    if (behind.length > 0) return result('fenced', { partitions: behind.map(({ partition }) => partition) })
    if (known.length > 0) return result('known', { answers: [...known, ...lookUp(request)], alreadyApplied: false })
    for (const { conversationId, entries } of request.conversations) {
      const entryIndex = entries.findIndex(({ body }) => Buffer.from(body).includes(unstorable))
      if (entryIndex >= 0) return result('rejected', { conversationId, entryIndex, reason: 'unstorable' })
    }

    for (const { partition, toOffset } of partitions) ownerOf(partition).nextOffset = toOffset
    const found = lookUp(request)
    for (const part of request.conversations) store(part, request.createdAtMs)
    const heads = request.conversations.flatMap(({ conversationId }) => {
      const conversation = conversations.get(conversationId)
      return conversation === undefined ? [] : [{ conversationId, lastSeq: conversation.entries.length }]
    })
    return result('applied', { heads, answers: found })
  }

  function knownIn({ conversationId, entries, outcomes }: ConversationAppend): StoredAnswer[] {
    const keys = [
      ...entries.map((entry) =>
        entry.clientMessageId === ''
          ? commandKey(conversationId, entry.senderId, entry.commandId)
          : messageKey(conversationId, entry.senderId, entry.clientMessageId),
      ),
      ...outcomes.map(({ actorId, commandId }) => commandKey(conversationId, actorId, commandId)),
    ]
    if (new Set(keys).size < keys.length) throw new Error('the same id twice in one request')
    return keys.map((key) => answers.get(key)).filter((answer) => answer !== undefined)
  }

  function lookUp(request: AppendStreamRequest): StoredAnswer[] {
    return request.conversations.flatMap(({ conversationId, lookups }) =>
      lookups.flatMap(({ actorId, clientMessageId, commandId, seq }) => {
        if (seq > 0) {
          const entry = conversations.get(conversationId)?.entries[seq - 1]
          return entry === undefined ? [] : [create(StoredAnswerSchema, { conversationId, outcome: 'applied', entry })]
        }
        const key =
          clientMessageId === ''
            ? commandKey(conversationId, actorId, commandId)
            : messageKey(conversationId, actorId, clientMessageId)
        return answers.get(key) ?? []
      }),
    )
  }

  function store(part: ConversationAppend, createdAtMs: number): void {
    const { conversationId, outcomes } = part
    const conversation = conversations.get(conversationId)
    if (conversation === undefined) return
    for (const [index, entry] of write(conversation, part, createdAtMs).entries()) {
      const { senderId: actorId, clientMessageId, commandId, contentHash } = part.entries[index]!
      const answer = { conversationId, actorId, clientMessageId, commandId, contentHash, outcome: 'applied' }
      const key =
        clientMessageId === ''
          ? commandKey(conversationId, actorId, commandId)
          : messageKey(conversationId, actorId, clientMessageId)
      answers.set(key, create(StoredAnswerSchema, { ...answer, entry }))
    }
    for (const { actorId, commandId, contentHash, outcome } of outcomes) {
      const key = commandKey(conversationId, actorId, commandId)
      answers.set(key, create(StoredAnswerSchema, { conversationId, actorId, commandId, contentHash, outcome }))
    }
  }
}

function result<Case extends 'applied' | 'known' | 'fenced' | 'rejected'>(
  name: Case,
  value: object,
): AppendStreamResponse['result'] {
  return { case: name, value } as unknown as AppendStreamResponse['result']
}

function overTheWire(response: AppendStreamResponse): AppendStreamResponse {
  return fromBinary(AppendStreamResponseSchema, toBinary(AppendStreamResponseSchema, response))
}
