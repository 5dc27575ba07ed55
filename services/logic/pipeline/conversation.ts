import {
  DeliveryClass,
  type ConversationKind,
  type JoinMode,
  type Role,
} from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { ConversationState } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'

/** An active member, as the owner of the partition knows it: exactly, because nobody else writes. */
export interface ActiveMember {
  readonly userId: string
  readonly role: Role
  readonly joinSeq: number
  readonly mutedUntilMs: number
  readonly isActive: true
}

export interface Conversation {
  readonly id: string
  readonly partition: number
  readonly kind: ConversationKind
  isLarge: boolean
  joinMode: JoinMode
  isMutedAll: boolean
  /** 0: it is not dissolved. */
  dissolvedSeq: number
  lastSeq: number
  memberCount: number
  /** Counts the changes of its members. */
  memberVersion: number
  /** Whether members are all of them. Of a large one they are those that commands have named, unless it was direct before. */
  readonly isWhole: boolean
  readonly members: Map<string, ActiveMember>
  /** Who was asked for and is no member. Empty where members are all of them. */
  readonly outsiders: Set<string>
  /** The keys of members while it is direct, else empty. Never changed in place: entries on their way keep theirs. */
  userIds: readonly string[]
  /** Of who is no member now: until when it is muted, should it come back. */
  readonly mutes: Map<string, number>
  /** Up to where members have read. */
  readonly readSeqs: Map<string, number>
}

/** Whether it is known if this user is a member. */
export function hasPlaceOf({ isWhole, members, outsiders }: Conversation, userId: string): boolean {
  return isWhole || members.has(userId) || outsiders.has(userId)
}

/** `askedFor`: of a state that is not whole, whom it was asked for. */
export function fromLoaded(loaded: ConversationState, askedFor: readonly string[], partition: number): Conversation {
  const conversation: Conversation = {
    id: loaded.conversationId,
    partition,
    kind: loaded.kind,
    isLarge: loaded.deliveryClass === DeliveryClass.LARGE,
    joinMode: loaded.joinMode,
    isMutedAll: loaded.isMutedAll,
    dissolvedSeq: loaded.dissolvedSeq,
    lastSeq: loaded.lastSeq,
    memberCount: loaded.memberCount,
    memberVersion: loaded.memberVersion,
    isWhole: loaded.isWhole,
    members: new Map(),
    outsiders: new Set(),
    userIds: [],
    mutes: new Map(),
    readSeqs: new Map(),
  }
  addLoaded(conversation, loaded, askedFor)
  if (!conversation.isLarge) conversation.userIds = [...conversation.members.keys()]
  return conversation
}

/** Whether what was loaded adds to what is held: both not whole, and of the same moment. */
export function isMoreOf(held: Conversation, loaded: ConversationState): boolean {
  const isSameMoment = held.lastSeq === loaded.lastSeq && held.memberVersion === loaded.memberVersion
  return !held.isWhole && !loaded.isWhole && isSameMoment
}

export function addLoaded(held: Conversation, loaded: ConversationState, askedFor: readonly string[]): void {
  const { isWhole, members, outsiders, mutes, readSeqs } = held
  for (const { userId, role, joinSeq, mutedUntilMs, readSeq } of loaded.members) {
    members.set(userId, { userId, role, joinSeq, mutedUntilMs, isActive: true })
    readSeqs.set(userId, readSeq)
  }
  for (const { userId, untilMs } of loaded.muted) mutes.set(userId, untilMs)
  if (isWhole) return
  for (const userId of askedFor) if (!members.has(userId)) outsiders.add(userId)
}
