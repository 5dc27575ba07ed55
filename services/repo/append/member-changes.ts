import { Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { ConversationAppend, MemberChange } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'

export interface MemberRow {
  readonly conversation_id: string
  readonly user_id: string
  readonly role: Role
  readonly join_seq: number
  /** 0 while active. */
  readonly leave_seq: number
  readonly read_seq: number
  readonly read_ordinal: number
}

export interface MemberChanges {
  /** Final rows of those that changed. */
  readonly rows: readonly MemberRow[]
  /** Changes that had an effect: each is a version. */
  readonly versions: number
  readonly countDelta: number
}

/**
 * What the member changes of a conversation's entries come to. Counted against the rows as they are, under the lock of the
 * conversation, so that `member_count` is right whatever the caller believed.
 */
export function applyMemberChanges(
  conversation: ConversationAppend,
  current: ReadonlyMap<string, MemberRow>,
  before: { readonly seq: number; readonly ordinal: number },
): MemberChanges {
  const changed = new Map<string, MemberRow>()
  let { seq, ordinal } = before
  let versions = 0
  let countDelta = 0
  for (const entry of conversation.entries) {
    seq += 1
    for (const change of entry.memberChanges) {
      const row = changed.get(change.userId) ?? current.get(change.userId)
      const next = applyChange(conversation.conversationId, row, change, seq, ordinal)
      if (next === row || next === undefined) continue
      changed.set(change.userId, next)
      versions += 1
      countDelta += Number(next.leave_seq === 0) - Number(row?.leave_seq === 0)
    }
    if (entry.isUnread) ordinal += 1
  }
  return { rows: [...changed.values()], versions, countDelta }
}

/** `ordinal` is the one before the entry. Returns the same row when nothing changes. */
function applyChange(
  conversationId: string,
  row: MemberRow | undefined,
  change: MemberChange,
  seq: number,
  ordinal: number,
): MemberRow | undefined {
  const isActive = row?.leave_seq === 0
  if (!change.isActive) return isActive ? { ...row, leave_seq: seq } : row
  const role = change.role || (isActive ? row.role : Role.MEMBER)
  if (isActive) return role === row.role ? row : { ...row, role }
  // Also a rejoin starts anew: it sees nothing of the time between, and has read everything up to now.
  return {
    conversation_id: conversationId,
    user_id: change.userId,
    role,
    join_seq: seq - 1,
    leave_seq: 0,
    read_seq: seq - 1,
    read_ordinal: ordinal,
  }
}
