/**
 * Station 12 of the message path. Before: services/repo/append/write.ts. After: delivery/emit.ts.
 * What is stored is answered to who asked, and addressed to the members.
 */
import type { Emission } from '#delivery/emit.ts'
import { messageFrame } from '#delivery/message-frame.ts'
import type { Entry } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { Command } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import type { StoredAnswer } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import type { Conversation } from './conversation.ts'
import { targetsOf, type Item, type Recipients } from './item.ts'
import { createOutgoing, type Gathered, type Outgoing } from './outgoing.ts'
import { joinRequestFrame, membershipFrame, readFrame, typingFrame } from './payload.ts'
import { repliesOf } from './replies.ts'
import { storedAnswer } from './result.ts'
import type { Settled } from './settle.ts'

export type BatchEmission = Emission & Gathered

/**
 * Everything that a settled batch has to say: answers to who
 * asked, entries to members. What was stored before is answered and emitted again: who stored it may have died before it spoke.
 */
export function emissionOf(settled: Settled, states: { get(id: string): Conversation | undefined }): BatchEmission {
  const outgoing = createOutgoing()
  for (const item of settled.items) deliver(item, settled, states, outgoing)
  return { replies: repliesOf(settled), ...outgoing.gathered() }
}

function deliver(
  item: Item,
  settled: Settled,
  states: { get(id: string): Conversation | undefined },
  outgoing: Outgoing,
): void {
  const { plan } = item
  const { conversationId, actorId, replyTo } = item.command
  switch (plan.is) {
    case 'entry': {
      const payload = messageFrame(conversationId, plan.seq, plan.entry, settled.createdAtMs)
      outgoing.entry(payload, conversationId, plan.seq, plan.recipients, replyTo)
      return
    }
    case 'quiet': {
      const end = plan.changes[0]?.isActive === true ? 'joinSeq' : 'leaveSeq'
      const userIds = plan.changes.map(({ userId }) => userId)
      outgoing.frame(membershipFrame(conversationId, end, plan.seq), userIds, true)
      return
    }
    case 'request':
      if (plan.told !== undefined) {
        const { state, recipients, isLarge } = plan.told
        outgoing.frame(joinRequestFrame(conversationId, plan.change.userId, state), recipients, isLarge)
      }
      return
    case 'known':
    case 'lookup':
    case 'announce': {
      const answer =
        plan.is === 'announce' ? settled.answers.findSeq(conversationId, 1) : storedAnswer(item, settled.answers)
      const state = states.get(conversationId)
      if (answer !== undefined && state !== undefined) deliverAgain(item, answer, state, outgoing)
      return
    }
    case 'read':
      outgoing.frame(readFrame(conversationId, actorId, plan.seq), plan.recipients, plan.isLarge)
      return
    case 'typing':
      outgoing.frame(typingFrame(conversationId, actorId), plan.recipients, false)
      return
    default:
  }
}

function deliverAgain(item: Item, { entry, outcome }: StoredAnswer, state: Conversation, outgoing: Outgoing): void {
  if (entry === undefined) {
    if (outcome === 'applied') tellPlaces(item, state, outgoing)
    return
  }
  // repo leaves bodies out of an answer that would grow too large: members have it from the first time, or from history.
  if (entry.body.length === 0) return
  const payload = messageFrame(state.id, entry.seq, entry, entry.createdAtMs)
  outgoing.entry(payload, state.id, entry.seq, whoSees(entry, state), item.command.replyTo)
}

/** Whom a member change without an entry was about is told where it is now. */
function tellPlaces({ command }: Item, state: Conversation, outgoing: Outgoing): void {
  for (const userId of whoMoved(command)) {
    const member = state.members.get(userId)
    // Where exactly it left is not held: not behind this, and a sync tells.
    const frame =
      member === undefined
        ? membershipFrame(state.id, 'leaveSeq', state.lastSeq)
        : membershipFrame(state.id, 'joinSeq', member.joinSeq)
    outgoing.frame(frame, [userId], state.isLarge)
  }
}

function whoMoved(command: Command): readonly string[] {
  switch (command.body.case) {
    case 'join':
    case 'leave':
      return [command.actorId]
    case 'add':
    case 'approve':
      return targetsOf(command)
    default:
      return []
  }
}

/**
 * Of those who are members now, those who were when it was written; and who went with it, if they did not come back. In a
 * large conversation gateways know who that is.
 */
function whoSees(entry: Entry, state: Conversation): Recipients {
  if (state.isLarge) return { memberVersion: state.memberVersion }
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
