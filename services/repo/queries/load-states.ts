import { sql, type Kysely, type Selectable } from 'kysely'
import {
  DeliveryClass,
  type ConversationKind,
  type JoinMode,
} from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
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
  readonly joinMode: JoinMode
  readonly isMutedAll: boolean
  readonly dissolvedSeq: number
  /** Of former members. */
  readonly muted: { readonly userId: string; readonly untilMs: number }[]
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
    .select(['join_mode', 'is_muted_all', 'dissolved_seq'])
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
    ...placesOf(members.get(row.id) ?? []),
    conversationId: row.id,
    kind: row.kind,
    deliveryClass: row.delivery_class,
    lastSeq: row.last_seq,
    memberVersion: row.member_version,
    memberCount: row.member_count,
    isWhole: wholeIds.has(row.id),
    joinMode: row.join_mode,
    isMutedAll: row.is_muted_all === 1,
    dissolvedSeq: row.dissolved_seq,
  }))
}

function placesOf(rows: readonly Row[]): Pick<StateRecord, 'members' | 'muted'> {
  const [members, former] = [rows.filter(isActive), rows.filter((row) => !isActive(row))]
  return {
    members: members.map(toMember),
    muted: former.map(({ user_id, muted_until }) => ({ userId: user_id, untilMs: muted_until?.getTime() ?? 0 })),
  }
}

const isActive = ({ leave_seq }: Row) => leave_seq === 0

const columns = ['conversation_id', ...memberColumns] as const

async function wholeMembers(db: Kysely<Database>, ids: readonly string[]): Promise<Row[]> {
  if (ids.length === 0) return []
  return db
    .selectFrom('members')
    .select(columns)
    .where('conversation_id', 'in', ids)
    .where((eb) => eb.or([eb('leave_seq', '=', 0), eb('muted_until', '>', sql<Date>`UTC_TIMESTAMP(3)`)]))
    .execute()
}

async function namedMembers(db: Kysely<Database>, wishes: readonly StateWish[]): Promise<Row[]> {
  const names = wishes.flatMap(({ conversationId, userIds }) =>
    userIds.map((userId) => `[${conversationId},${userId}]`),
  )
  if (names.length === 0) return []
  const { rows } = await sql<Row>`SELECT ${sql.join(columns.map((column) => sql.ref(`m.${column}`)))}
FROM ${sql.raw(rowsTable(names, "c BIGINT UNSIGNED PATH '$[0]', u BIGINT UNSIGNED PATH '$[1]'"))}
STRAIGHT_JOIN members m ON m.conversation_id = r.c AND m.user_id = r.u
  AND (m.leave_seq = 0 OR m.muted_until > UTC_TIMESTAMP(3))`.execute(db)
  return rows
}

type Row = Pick<Selectable<Database['members']>, (typeof columns)[number]>
