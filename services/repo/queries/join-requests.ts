import type { Kysely, Selectable } from 'kysely'
import { Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { Database } from '../database.ts'

/** gochat.conversation.v1.JoinRequest */
export interface JoinRequestRecord {
  readonly userId: string
  readonly isPending: boolean
  readonly keptAnswers: number
  readonly askedAtMs: number
}

/** gochat.conversation.v1.JoinRequests */
export interface JoinRequestsRecord {
  readonly conversationId: string
  readonly pendingCount: number
  readonly requests: JoinRequestRecord[]
  readonly adminIds: string[]
}

export interface JoinRequestWish {
  readonly conversationId: string
  readonly userIds: readonly string[]
}

/** What the owner of a partition must know to decide on requests to join, for one batch: it is not held. */
export async function loadJoinRequests(
  db: Kysely<Database>,
  wishes: readonly JoinRequestWish[],
): Promise<{ conversations: JoinRequestsRecord[]; pendingByUser: Record<string, number> }> {
  if (wishes.length === 0) return { conversations: [], pendingByUser: {} }
  const conversationIds = wishes.map(({ conversationId }) => conversationId)
  const userIds = [...new Set(wishes.flatMap(({ userIds }) => userIds))]
  const [pendingCounts, requests, admins, pendingByUser] = await Promise.all([
    db
      .selectFrom('join_requests')
      .select(({ fn }) => ['conversation_id', fn.countAll().as('count')])
      .where('conversation_id', 'in', conversationIds)
      .where('is_pending', '=', 1)
      .groupBy('conversation_id')
      .execute(),
    userIds.length === 0
      ? []
      : db
          .selectFrom('join_requests')
          .select(['conversation_id', ...columns])
          .where('conversation_id', 'in', conversationIds)
          .where('user_id', 'in', userIds)
          .execute(),
    db
      .selectFrom('members')
      .select(['conversation_id', 'user_id'])
      .where('conversation_id', 'in', conversationIds)
      .where('role', '>=', Role.ADMIN)
      .where('leave_seq', '=', 0)
      .execute(),
    countPendingByUser(db, userIds),
  ])
  const countOf = new Map(pendingCounts.map((row) => [row.conversation_id, Number(row.count)]))
  const requestsOf = Map.groupBy(requests, (row) => row.conversation_id)
  const adminsOf = Map.groupBy(admins, (row) => row.conversation_id)
  const conversations = conversationIds.map((conversationId) => ({
    conversationId,
    pendingCount: countOf.get(conversationId) ?? 0,
    requests: (requestsOf.get(conversationId) ?? []).map(toRecord),
    adminIds: (adminsOf.get(conversationId) ?? []).map(({ user_id }) => user_id),
  }))
  return { conversations, pendingByUser }
}

async function countPendingByUser(db: Kysely<Database>, userIds: readonly string[]): Promise<Record<string, number>> {
  if (userIds.length === 0) return {}
  const rows = await db
    .selectFrom('join_requests')
    .select(({ fn }) => ['user_id', fn.countAll().as('count')])
    .where('user_id', 'in', userIds)
    .where('is_pending', '=', 1)
    .groupBy('user_id')
    .execute()
  return Object.fromEntries(rows.map(({ user_id, count }) => [user_id, Number(count)]))
}

/** Pending ones in the order of user ids. */
export async function listJoinRequests(
  db: Kysely<Database>,
  conversationId: string,
  { limit, afterUserId }: { readonly limit: number; readonly afterUserId: string },
): Promise<{ requests: JoinRequestRecord[]; hasMore: boolean }> {
  const rows = await db
    .selectFrom('join_requests')
    .select(columns)
    .where('conversation_id', '=', conversationId)
    .where('is_pending', '=', 1)
    .where('user_id', '>', afterUserId)
    .orderBy('user_id')
    .limit(limit + 1)
    .execute()
  return { requests: rows.slice(0, limit).map(toRecord), hasMore: rows.length > limit }
}

const columns = ['user_id', 'is_pending', 'kept_answers', 'asked_at'] as const

function toRecord(row: Pick<Selectable<Database['join_requests']>, (typeof columns)[number]>): JoinRequestRecord {
  return {
    userId: row.user_id,
    isPending: row.is_pending === 1,
    keptAnswers: row.kept_answers,
    askedAtMs: row.asked_at.getTime(),
  }
}
