import type { Generated } from 'kysely'
import type {
  ConversationKind,
  DeliveryClass,
  JoinMode,
  Role,
} from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'

/** The tables as kysely sees them: `migrations/` in types. BIGINT is a string, DATETIME a Date, binary columns are Buffers, enums those of proto. */
export interface Database {
  users: UsersTable
  sessions: SessionsTable
  conversations: ConversationsTable
  members: MembersTable
  member_changes: MemberChangesTable
  join_requests: JoinRequestsTable
  messages: MessagesTable
  upstream_owners: UpstreamOwnersTable
  fanout_cursors: FanoutCursorsTable
  poison_copies: PoisonCopiesTable
}

interface UsersTable {
  id: string
  name: Buffer
  display_name: string
  password_hash: string
  is_admin: Generated<number>
  is_guest: Generated<number>
  suspended_at: Generated<Date | null>
  created_at: Date
}

interface SessionsTable {
  id: string
  user_id: string
  device_id: string
  device_name: string
  family_hash: Buffer
  refresh_hash: Buffer
  previous_hash: Generated<Buffer | null>
  salt: Generated<Buffer | null>
  rotated_at: Date
  created_at: Date
  last_seen_at: Date
  expires_at: Date
  revoked_at: Generated<Date | null>
  revoke_reason: Generated<string | null>
}

interface ConversationsTable {
  id: string
  kind: ConversationKind
  delivery_class: Generated<DeliveryClass>
  class_since_seq: Generated<number>
  name: Generated<string>
  creator_id: string
  command_id: string
  content_hash: Buffer
  low_user_id: string | null
  high_user_id: string | null
  last_seq: number
  last_ordinal: number
  last_entry_at: Date
  member_version: number
  member_count: number
  created_at: Date
  announcement: Generated<string>
  join_mode: Generated<JoinMode>
  is_muted_all: Generated<number>
  dissolved_seq: Generated<number>
}

interface MembersTable {
  conversation_id: string
  user_id: string
  role: Role
  join_seq: number
  leave_seq: Generated<number>
  read_seq: number
  read_ordinal: number
  muted_until: Generated<Date | null>
  notify: Generated<number>
}

interface MemberChangesTable {
  conversation_id: string
  version: number
  user_id: string
}

interface JoinRequestsTable {
  conversation_id: string
  user_id: string
  is_pending: number
  kept_answers: number
  asked_at: Date
}

interface MessagesTable {
  conversation_id: string
  seq: number
  ordinal: number
  type: string
  sender_id: string
  client_message_id: string | null
  content_hash: Buffer
  body: Buffer
  created_at: Date
}

interface UpstreamOwnersTable {
  partition_id: number
  owner: string
  epoch: string
  next_offset: string
  claimed_at: Date
}

type OutcomeName = 'live' | 'repaired' | 'pushed' | 'muted' | 'parked' | 'skipped'
type Counts<Of extends string, Count> = Record<`${Of}_${OutcomeName}`, Generated<Count>>

interface FanoutCursorsTable extends Counts<'round' | 'last', number>, Counts<'total', string> {
  conversation_id: string
  epoch: Generated<string>
  settled_seq: number
  round_seq: Generated<number>
  after_user_id: Generated<string>
  rounds: Generated<number>
}

interface PoisonCopiesTable {
  topic: string
  partition_id: number
  record_offset: string
  command_index: number
  value: Buffer
  created_at: Date
}
