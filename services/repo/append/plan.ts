import { AppError } from '#infra/errors/index.ts'
import { DeliveryClass } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type {
  AppendStreamRequest,
  ConversationAppend,
  NewEntry,
  NewOutcome,
  PartitionAdvance,
} from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { compareIds, dateTime, isId } from './literals.ts'

/** A request that is safe to be written as SQL, in the order of locking: all appends lock in this one order. */
export interface Plan {
  readonly partitions: readonly PartitionAdvance[]
  readonly conversations: readonly ConversationAppend[]
  readonly createdAtMs: number
  /** The same as an SQL literal. */
  readonly createdAt: string
}

export interface Rejection {
  readonly conversationId: string
  /** −1: the conversation as a whole. */
  readonly entryIndex: number
  readonly reason: string
}

/**
 * What is wrong with one entry is a rejection, so that the rest can be applied without it.
 * @throws INVALID_ARGUMENT when the request as a whole is malformed: that is a fault of the caller's program.
 */
export function planAppend(request: AppendStreamRequest): Plan | Rejection {
  const partitions = request.partitions.toSorted((a, b) => a.partition - b.partition)
  checkPartitions(partitions)
  if (!Number.isInteger(request.createdAtMs) || request.createdAtMs < minTimeMs || request.createdAtMs > maxTimeMs) {
    throw invalid('createdAtMs')
  }
  const conversations = request.conversations.toSorted((a, b) => compareIds(a.conversationId, b.conversationId))
  let previousId = ''
  for (const conversation of conversations) {
    const rejection = checkConversation(conversation)
    if (rejection !== undefined) return rejection
    if (conversation.conversationId === previousId) throw invalid('conversations')
    previousId = conversation.conversationId
  }
  return { partitions, conversations, createdAtMs: request.createdAtMs, createdAt: dateTime(request.createdAtMs) }
}

export function isRejection(value: object): value is Rejection {
  return 'entryIndex' in value
}

/** Whether an append may change the conversation's own row, and therefore locks it. */
export function isChanging({ entries, outcomes, deliveryClass }: ConversationAppend): boolean {
  return (
    entries.length > 0 ||
    deliveryClass !== DeliveryClass.UNSPECIFIED ||
    outcomes.some(({ memberChanges, joinRequestChange }) => memberChanges.length > 0 || joinRequestChange !== undefined)
  )
}

const minTimeMs = Date.UTC(2000, 0, 1)
const maxTimeMs = Date.UTC(9999, 0, 1)
const hashBytes = 16
const classes: ReadonlySet<number> = new Set(Object.values(DeliveryClass))
/** Of a BLOB. Here, because far beyond it the server would refuse the packet instead of the value. */
const maxBodyBytes = 65_535

function checkPartitions(partitions: readonly PartitionAdvance[]): void {
  if (partitions.length === 0) throw invalid('partitions')
  let previous = -1
  for (const { partition, epoch, fromOffset, toOffset } of partitions) {
    if (partition === previous || toOffset < fromOffset) throw invalid('partitions')
    for (const value of [epoch, fromOffset, toOffset]) {
      if (!Number.isSafeInteger(value) || value < 0) throw invalid('partitions')
    }
    previous = partition
  }
}

function checkConversation(conversation: ConversationAppend): Rejection | undefined {
  const { conversationId, entries, outcomes, reads, lookups, deliveryClass } = conversation
  const reject = (reason: string, entryIndex = -1): Rejection => ({ conversationId, entryIndex, reason })
  if (!isId(conversationId)) return reject('conversation_id is not an id')
  for (let index = 0; index < entries.length; index += 1) {
    const reason = faultOf(entries[index]!)
    if (reason !== undefined) return reject(reason, index)
  }
  if (!classes.has(deliveryClass)) return reject('malformed delivery class')
  for (const outcome of outcomes) if (!isOutcome(outcome, entries.length)) return reject('malformed outcome')
  for (const { userId } of reads) if (!isId(userId)) return reject('malformed read mark')
  for (const { actorId, clientMessageId, commandId, seq } of lookups) {
    const named = Number(clientMessageId !== '') + Number(commandId !== '') + Number(seq !== 0)
    if (named !== 1 || (seq === 0 && !isId(actorId))) return reject('malformed lookup')
  }
  return undefined
}

function isOutcome(value: NewOutcome, entryCount: number): boolean {
  const { actorId, commandId, contentHash, memberChanges, joinRequestChange, afterEntries } = value
  if (!isId(actorId) || commandId === '' || contentHash.length !== hashBytes) return false
  if (!isOutcomeOf(value) || afterEntries > entryCount) return false
  if (joinRequestChange !== undefined && !isId(joinRequestChange.userId)) return false
  return memberChanges.every(({ userId }) => isId(userId))
}

/** Without an entry nothing is `applied` but a change of members or of a request to join; a refusal changes neither. */
function isOutcomeOf({ outcome, memberChanges, joinRequestChange }: NewOutcome): boolean {
  switch (outcome) {
    case 'applied':
      return memberChanges.length > 0 || joinRequestChange !== undefined
    case 'pending':
      return memberChanges.length === 0 && joinRequestChange !== undefined
    case 'noop':
      return memberChanges.length === 0
    default:
      return memberChanges.length === 0 && joinRequestChange === undefined
  }
}

function faultOf(entry: NewEntry): string | undefined {
  if (!isId(entry.senderId)) return 'sender_id is not an id'
  if ((entry.clientMessageId === '') === (entry.commandId === '')) return 'needs one of client_message_id, command_id'
  if (entry.contentHash.length !== hashBytes) return 'content_hash is not 16 bytes'
  if (entry.body.length > maxBodyBytes) return 'body is too long'
  for (const { userId } of entry.memberChanges) if (!isId(userId)) return 'malformed member change'
  return undefined
}

function invalid(field: string): AppError {
  return new AppError('INVALID_ARGUMENT', { message: `${field} is malformed.`, details: { field } })
}
