/**
 * Station 12 of the message path. Before: services/repo/append/write.ts. After: delivery/emit.ts.
 * What is stored is answered to who asked, and addressed to the members.
 */
import type { DeliveryOut, Emission, ReplyOut } from '#delivery/emit.ts'
import { messageFrame } from '#delivery/message-frame.ts'
import type { Entry } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { ReplyTo } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import type { Item } from './item.ts'
import { ackHead, readFrame, typingFrame } from './payload.ts'
import { resultOf, storedAnswer } from './result.ts'
import type { Settled } from './settle.ts'
import type { Conversation } from './state.ts'

/**
 * Everything that a settled batch has to say: answers to who
 * asked, entries to members. What was stored before is answered and emitted again: who stored it may have died before it spoke.
 */
export function emissionOf(settled: Settled, states: { get(id: string): Conversation | undefined }): Emission {
  const deliveries: DeliveryOut[] = []
  for (const item of settled.items) deliver(item, settled, states, deliveries)
  return { replies: repliesOf(settled), deliveries }
}

function deliver(
  item: Item,
  settled: Settled,
  states: { get(id: string): Conversation | undefined },
  deliveries: DeliveryOut[],
): void {
  const { plan } = item
  const { conversationId, actorId, replyTo } = item.command
  switch (plan.is) {
    case 'entry': {
      const payload = messageFrame(conversationId, plan.seq, plan.entry, settled.createdAtMs)
      deliveries.push(delivery(payload, plan.recipients, replyTo))
      return
    }
    case 'known':
    case 'lookup':
    case 'announce': {
      const answer =
        plan.is === 'announce' ? settled.answers.findSeq(conversationId, 1) : storedAnswer(item, settled.answers)
      const state = states.get(conversationId)
      const entry = answer?.entry
      // repo leaves bodies out of an answer that would grow too large: members have it from the first time, or from history.
      if (entry === undefined || entry.body.length === 0 || state === undefined) return
      const payload = messageFrame(conversationId, entry.seq, entry, entry.createdAtMs)
      deliveries.push(delivery(payload, whoSees(entry, state), replyTo))
      return
    }
    case 'read':
      deliveries.push(delivery(readFrame(conversationId, actorId, plan.seq), plan.recipients, undefined))
      return
    case 'typing':
      deliveries.push(delivery(typingFrame(conversationId, actorId), plan.recipients, undefined))
      return
    default:
  }
}

/** The socket that sent a message gets the ack, which is its copy. */
function delivery(payload: Buffer, userIds: readonly string[], origin: ReplyTo | undefined): DeliveryOut {
  return origin === undefined || origin.connection === 0
    ? { payload, userIds }
    : { payload, userIds, exceptConnection: origin }
}

/** Of those who are members now, those who were when it was written; and who went with it, if they did not come back. */
function whoSees(entry: Entry, state: Conversation): readonly string[] {
  const seeing = state.userIds.filter((userId) => (state.members.get(userId)?.joinSeq ?? entry.seq) < entry.seq)
  const gone = whoWent(entry).filter((userId) => !state.members.has(userId))
  if (gone.length > 0) return [...seeing, ...gone]
  // The same array for all entries: the emitter finds its sockets once.
  return seeing.length === state.userIds.length ? state.userIds : seeing
}

function whoWent({ type, senderId, body }: Entry): readonly string[] {
  if (type === 'left') return [senderId]
  if (type !== 'removed') return []
  return (JSON.parse(Buffer.from(body).toString()) as { userIds: string[] }).userIds
}

/** One ack frame for neighbours of the same frame: a gateway keeps a frame's messages together. */
function repliesOf(settled: Settled): ReplyOut[] {
  const replies: ReplyOut[] = []
  let open: { to: ReplyTo; conversationId: string } | undefined
  let text = ''

  function close(): void {
    if (open !== undefined) replies.push(reply(open.to, `${text}]}`))
    open = undefined
  }

  for (const item of settled.items) {
    const { replyTo, conversationId } = item.command
    if (replyTo === undefined) continue
    const result = resultOf(item, settled.answers, settled.createdAtMs)
    if (open !== undefined && isSameFrame(open.to, replyTo) && open.conversationId === conversationId) {
      text += `,${result}`
      continue
    }
    close()
    open = { to: replyTo, conversationId }
    text = ackHead(replyTo.request, conversationId) + result
  }
  close()
  return replies
}

function isSameFrame(a: ReplyTo, b: ReplyTo): boolean {
  return a.connection === b.connection && a.request === b.request && a.slot === b.slot && a.epoch === b.epoch
}

function reply({ slot, epoch, connection, request }: ReplyTo, text: string): ReplyOut {
  return { slot, epoch, connection, request, payload: Buffer.from(text) }
}
