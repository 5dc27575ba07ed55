import { cacheKeys } from '../cache/keys.ts'
import { findConversation, type ConversationRecord } from '../queries/conversations.ts'
import { findMember, type MemberRecord } from '../queries/members.ts'
import type { RepoDeps } from '../repo.ts'

/** A conversation, and a user's place in it now or once. */
export interface MembershipRecord {
  readonly conversation: ConversationRecord
  readonly member: MemberRecord
}

export interface Seat {
  readonly userId: string
  readonly conversationId: string
}

/** In the order of the seats; undefined: no such conversation, or this user never was in it. */
export async function readMemberships(
  { mysql, cache }: Pick<RepoDeps, 'mysql' | 'cache'>,
  seats: readonly Seat[],
): Promise<(MembershipRecord | undefined)[]> {
  const conversationKeys = new Map(seats.map((seat) => [cacheKeys.conversation(seat.conversationId), seat]))
  const memberKeys = new Map(seats.map((seat) => [cacheKeys.member(seat.conversationId, seat.userId), seat]))
  const [conversations, members] = await Promise.all([
    cache.read<ConversationRecord>('conversation', [...conversationKeys.keys()], (keys) =>
      findEach(keys, conversationKeys, (seat) => findConversation(mysql.db, seat.conversationId)),
    ),
    cache.read<MemberRecord>('member', [...memberKeys.keys()], (keys) =>
      findEach(keys, memberKeys, (seat) => findMember(mysql.db, seat.conversationId, seat.userId)),
    ),
  ])
  return seats.map(({ userId, conversationId }) => {
    const conversation = conversations.get(cacheKeys.conversation(conversationId))
    const member = members.get(cacheKeys.member(conversationId, userId))
    return conversation && member && { conversation, member: asOfNow(member, conversation) }
  })
}

async function findEach<T>(
  keys: readonly string[],
  seats: ReadonlyMap<string, Seat>,
  find: (seat: Seat) => Promise<T | undefined>,
): Promise<Map<string, T>> {
  const found = new Map<string, T>()
  await Promise.all(
    keys.map(async (key) => {
      const value = await find(seats.get(key)!)
      if (value !== undefined) found.set(key, value)
    }),
  )
  return found
}

/** Whoever was in a group when it was dissolved has left it there; its row does not say so. */
function asOfNow(member: MemberRecord, { dissolvedSeq }: ConversationRecord): MemberRecord {
  return member.isActive && dissolvedSeq > 0 ? { ...member, isActive: false, leaveSeq: dissolvedSeq } : member
}
