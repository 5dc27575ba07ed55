import { sql, type Kysely, type Selectable } from 'kysely'
import { DeliveryClass, type ConversationKind } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { rowsTable } from '../append/literals.ts'
import type { Database } from '../database.ts'
import { memberColumns, toMember, type MemberRecord } from './members.ts'

export interface StateWish {
  readonly conversationId: string
  readonly userIds: readonly string[]
  readonly isWhole: boolean
}

export interface StateRecord {
  readonly conversationId: string
  readonly kind: ConversationKind
  readonly deliveryClass: DeliveryClass
  readonly lastSeq: number
  readonly memberVersion: number
  readonly memberCount: number
  readonly isWhole: boolean
  readonly members: MemberRecord[]
}

/**
 * What the owner of a partition must know of its conversations; unknown ids are left out. Read after a claim, so that nobody
 * else can change it meanwhile.
 */
export async function loadStates(db: Kysely<Database>, wishes: readonly StateWish[]): Promise<StateRecord[]> {
  if (wishes.length === 0) return []
  const wishOf = new Map(wishes.map((wish) => [wish.conversationId, wish]))
  const conversations = await db
    .selectFrom('conversations')
    .select(['id', 'kind', 'delivery_class', 'last_seq', 'member_version', 'member_count'])
    .where('id', 'in', [...wishOf.keys()])
    .execute()
  const wholeIds = new Set<string>()
  const named: StateWish[] = []
  for (const { id, delivery_class } of conversations) {
    const wish = wishOf.get(id)!
    if (wish.isWhole || delivery_class !== DeliveryClass.LARGE) wholeIds.add(id)
    else named.push(wish)
  }
  const rows = await Promise.all([wholeMembers(db, [...wholeIds]), namedMembers(db, named)])
  const members = Map.groupBy(rows.flat(), (row) => row.conversation_id)
  return conversations.map((row) => ({
    conversationId: row.id,
    kind: row.kind,
    deliveryClass: row.delivery_class,
    lastSeq: row.last_seq,
    memberVersion: row.member_version,
    memberCount: row.member_count,
    isWhole: wholeIds.has(row.id),
    members: (members.get(row.id) ?? []).map(toMember),
  }))
}

const columns = ['conversation_id', ...memberColumns] as const

async function wholeMembers(db: Kysely<Database>, ids: readonly string[]): Promise<Row[]> {
  if (ids.length === 0) return []
  return db
    .selectFrom('members')
    .select(columns)
    .where('conversation_id', 'in', ids)
    .where('leave_seq', '=', 0)
    .execute()
}

async function namedMembers(db: Kysely<Database>, wishes: readonly StateWish[]): Promise<Row[]> {
  const names = wishes.flatMap(({ conversationId, userIds }) =>
    userIds.map((userId) => `[${conversationId},${userId}]`),
  )
  if (names.length === 0) return []
  const { rows } = await sql<Row>`SELECT ${sql.join(columns.map((column) => sql.ref(`m.${column}`)))}
FROM ${sql.raw(rowsTable(names, "c BIGINT UNSIGNED PATH '$[0]', u BIGINT UNSIGNED PATH '$[1]'"))}
STRAIGHT_JOIN members m ON m.conversation_id = r.c AND m.user_id = r.u AND m.leave_seq = 0`.execute(db)
  return rows
}

type Row = Pick<Selectable<Database['members']>, (typeof columns)[number]>
