import { limits } from '#proto/frames/index.ts'
import { JoinMode, Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { authorize } from '../../authorize.ts'
import type { Item, Plan } from '../item.ts'
import type { KnownUser } from '../knowledge.ts'
import type { Overlay } from '../overlay.ts'
import { changeEntry, memberChange, refuse } from './entry.ts'
import { tooMany } from './refusals.ts'

/** Into an open group at once; elsewhere a request, which admins decide. In a large conversation others do not hear of it. */
export function evaluateJoin(item: Item, overlay: Overlay, users: ReadonlyMap<string, KnownUser>): Plan {
  const { actorId } = item.command
  const refusal = authorize(overlay.member(actorId), 'join', overlay)
  if (refusal !== undefined) return refuse(refusal)
  if (overlay.member(actorId) !== undefined) return { is: 'outcome', outcome: 'noop' }
  if (!users.has(actorId)) return { is: 'lookup', refusal: { code: 'USER_NOT_FOUND' } }
  if (overlay.joinMode === JoinMode.APPROVAL) return ask(actorId, overlay)
  return letIn(item, actorId, overlay, 'joined')
}

/** By itself, or by an admin. */
export function letIn(item: Item, userId: string, overlay: Overlay, type: 'joined' | 'added'): Plan {
  // What a user asks who is not in is refused without a trace: any stranger could fill the table.
  if (overlay.memberCount >= limits.maxGroupMembers)
    return type === 'added' ? refuse(tooMany) : { is: 'lookup', refusal: tooMany }
  const changes = [memberChange(userId, true, Role.MEMBER)]
  if (overlay.isLarge) {
    overlay.join([userId], overlay.lastSeq)
    return { is: 'quiet', changes, seq: overlay.lastSeq }
  }
  const seq = overlay.takeSeq()
  // Who joins sees it.
  overlay.join([userId], seq - 1)
  const body = type === 'added' ? { userIds: [userId] } : {}
  return { is: 'entry', entry: changeEntry(item, type, body, changes), seq, recipients: overlay.recipients() }
}

/**
 * Kept like the answer of every command, and therefore bounded: by group, by user, and by how much of one user is kept
 * about one group. The last of these is for the withdrawal.
 */
function ask(userId: string, overlay: Overlay): Plan {
  const requests = overlay.joinRequests
  const { isPending = false, keptAnswers = 0 } = requests.of(userId) ?? {}
  const isFull =
    !isPending &&
    (requests.pendingCount >= limits.maxJoinRequests || requests.pendingOf(userId) >= limits.maxJoinRequestsPerUser)
  if (isFull || keptAnswers + 1 >= limits.maxCommandsOutside) return { is: 'lookup', refusal: tooMany }
  const change = requests.change(userId, true, keptAnswers + 1)
  if (isPending) return { is: 'request', outcome: 'noop', change, told: undefined }
  const recipients = [...overlay.adminIds(), userId]
  return { is: 'request', outcome: 'pending', change, told: { state: 'pending', recipients, isLarge: overlay.isLarge } }
}
