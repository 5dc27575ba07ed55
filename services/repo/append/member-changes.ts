import { Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type {
  ConversationAppend,
  JoinRequestChange,
  MemberChange,
} from '#proto/gen/gochat/message/v1/message_repo_pb.ts'

export interface MemberRow {
  readonly conversation_id: string
  readonly user_id: string
  readonly role: Role
  readonly join_seq: number
  /** 0 while active. */
  readonly leave_seq: number
  readonly read_seq: number
  readonly read_ordinal: number
  readonly muted_until: Date | null
}

export interface MemberChanges {
  /** Final rows of those that changed. */
  readonly rows: readonly MemberRow[]
  /** Who came or went, in order: each time is a version. */
  readonly changedIds: readonly string[]
  readonly countDelta: number
  /** Where requests to join stand in the end; undefined: who asked has joined. */
  readonly joinRequests: ReadonlyMap<string, JoinRequestChange | undefined> | undefined
}

/**
 * What the member changes of a conversation's entries, and the quiet ones between them, come to. Counted against the rows as they are, under the lock of the
 * conversation, so that `member_count` is right whatever the caller believed.
 */
export function applyMemberChanges(
  conversation: ConversationAppend,
  current: ReadonlyMap<string, MemberRow>,
  before: { readonly seq: number; readonly ordinal: number },
): MemberChanges {
  const { conversationId, entries } = conversation
  const changed = new Map<string, MemberRow>()
  const changedIds: string[] = []
  let joinRequests: Map<string, JoinRequestChange | undefined> | undefined
  let { seq, ordinal } = before
  let countDelta = 0
  const apply = (changes: readonly MemberChange[], place: Place) => {
    for (const change of changes) {
      const row = changed.get(change.userId) ?? current.get(change.userId)
      const next = applyChange(conversationId, row, change, place)
      if (next === row || next === undefined) continue
      changed.set(change.userId, next)
      const delta = Number(next.leave_seq === 0) - Number(row?.leave_seq === 0)
      if (delta === 0) continue
      changedIds.push(change.userId)
      countDelta += delta
      if (delta > 0) (joinRequests ??= new Map()).set(change.userId, undefined)
    }
  }

  const quiet = Map.groupBy(conversation.outcomes, ({ afterEntries }) => before.seq + afterEntries)
  const applyQuiet = () => {
    for (const { memberChanges, joinRequestChange } of quiet.get(seq) ?? []) {
      apply(memberChanges, { joinSeq: seq, leaveSeq: seq, ordinal })
      if (joinRequestChange !== undefined) (joinRequests ??= new Map()).set(joinRequestChange.userId, joinRequestChange)
    }
  }

  applyQuiet()
  for (const entry of entries) {
    seq += 1
    apply(entry.memberChanges, { joinSeq: seq - 1, leaveSeq: seq, ordinal })
    if (entry.isUnread) ordinal += 1
    applyQuiet()
  }
  return { rows: [...changed.values()], changedIds, countDelta, joinRequests }
}

/** Where in the log a change takes effect: a change that is an entry is seen by whom it is about, a quiet one has none. */
interface Place {
  readonly joinSeq: number
  readonly leaveSeq: number
  /** Of what comes before. */
  readonly ordinal: number
}

/** Returns the same row when nothing changes. */
function applyChange(
  conversationId: string,
  row: MemberRow | undefined,
  change: MemberChange,
  { joinSeq, leaveSeq, ordinal }: Place,
): MemberRow | undefined {
  const isActive = row?.leave_seq === 0
  if (!change.isActive) return isActive ? { ...row, leave_seq: leaveSeq } : row
  const role = change.role || (isActive ? row.role : Role.MEMBER)
  const muted_until = mutedUntil(row, change)
  if (isActive) {
    const isSame = role === row.role && muted_until?.getTime() === row.muted_until?.getTime()
    return isSame ? row : { ...row, role, muted_until }
  }
  // Also a rejoin starts anew: it sees nothing of the time between, and has read everything up to now. A mute stays.
  return {
    conversation_id: conversationId,
    user_id: change.userId,
    role,
    join_seq: joinSeq,
    leave_seq: 0,
    read_seq: joinSeq,
    read_ordinal: ordinal,
    muted_until,
  }
}

function mutedUntil(row: MemberRow | undefined, { mutedUntilMs }: MemberChange): Date | null {
  if (mutedUntilMs === undefined) return row?.muted_until ?? null
  return mutedUntilMs === 0 ? null : new Date(mutedUntilMs)
}
