import type { Approve, Reject } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { authorize } from '../../authorize.ts'
import type { Item, Plan } from '../item.ts'
import type { KnownUser } from '../knowledge.ts'
import type { Overlay } from '../overlay.ts'
import { refuse } from './entry.ts'
import { letIn } from './join.ts'

/** The user is added by who approves; who is in already is passed over. */
export function evaluateApprove(
  item: Item,
  { userId }: Approve,
  overlay: Overlay,
  users: ReadonlyMap<string, KnownUser>,
): Plan {
  const refusal = authorize(overlay.member(item.command.actorId), 'approve', overlay)
  if (refusal !== undefined) return refuse(refusal)
  if (overlay.member(userId) !== undefined) return { is: 'outcome', outcome: 'noop' }
  if (overlay.joinRequests.of(userId)?.isPending !== true) return refuse(noRequest)
  if (!users.has(userId)) return refuse({ code: 'USER_NOT_FOUND' })
  return letIn(item, userId, overlay, 'added')
}

/** Members do not hear of it. */
export function evaluateReject(item: Item, { userId }: Reject, overlay: Overlay): Plan {
  const refusal = authorize(overlay.member(item.command.actorId), 'reject', overlay)
  if (refusal !== undefined) return refuse(refusal)
  const request = overlay.joinRequests.of(userId)
  if (request?.isPending !== true) return refuse(noRequest)
  const change = overlay.joinRequests.change(userId, false, request.keptAnswers)
  const recipients = [...overlay.adminIds(), userId]
  return {
    is: 'request',
    outcome: 'applied',
    change,
    told: { state: 'rejected', recipients, isLarge: overlay.isLarge },
  }
}

const noRequest = { code: 'NOT_FOUND', message: 'Nobody of that id asks to join.' } as const
