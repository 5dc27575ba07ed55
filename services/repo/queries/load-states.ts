import type { Kysely } from 'kysely'
import type { ConversationKind, DeliveryClass } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { Database } from '../database.ts'
import { memberColumns, toMember, type MemberRecord } from './members.ts'

export interface StateRecord {
  readonly conversationId: string
  readonly kind: ConversationKind
  readonly deliveryClass: DeliveryClass
  readonly lastSeq: number
  readonly memberVersion: number
  readonly members: MemberRecord[]
}

/**
 * What the owner of a partition must know of its conversations; unknown ids are left out. Read after a claim, so that nobody
 * else can change it meanwhile.
 */
export async function loadStates(db: Kysely<Database>, ids: readonly string[]): Promise<StateRecord[]> {
  if (ids.length === 0) return []
  const [conversations, rows] = await Promise.all([
    db
      .selectFrom('conversations')
      .select(['id', 'kind', 'delivery_class', 'last_seq', 'member_version'])
      .where('id', 'in', ids)
      .execute(),
    db
      .selectFrom('members')
      .select(['conversation_id', ...memberColumns])
      .where('conversation_id', 'in', ids)
      .where('leave_seq', '=', 0)
      .execute(),
  ])
  const members = Map.groupBy(rows, (row) => row.conversation_id)
  return conversations.map((row) => ({
    conversationId: row.id,
    kind: row.kind,
    deliveryClass: row.delivery_class,
    lastSeq: row.last_seq,
    memberVersion: row.member_version,
    members: (members.get(row.id) ?? []).map(toMember),
  }))
}
