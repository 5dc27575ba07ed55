import { limits } from '#proto/frames/index.ts'
import { Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { SetRole } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { authorize, authorizeOn } from '../../authorize.ts'
import type { Item, Plan } from '../item.ts'
import type { KnownUser } from '../knowledge.ts'
import type { Overlay } from '../overlay.ts'
import { change, memberChange, refuse } from './entry.ts'
import { guestsStay, noSuchMember } from './refusals.ts'

/** Makes a member an admin, or an admin a member. Who the owner is only a transfer changes. */
export function evaluateSetRole(
  item: Item,
  { userId, role }: SetRole,
  overlay: Overlay,
  users: ReadonlyMap<string, KnownUser>,
): Plan {
  const actor = overlay.member(item.command.actorId)
  const refusal = authorize(actor, 'setRole', overlay)
  if (refusal !== undefined) return refuse(refusal)
  const target = overlay.member(userId)
  if (target === undefined) return refuse(noSuchMember)
  const refusalOfTarget = authorizeOn(actor, target)
  if (refusalOfTarget !== undefined) return refuse(refusalOfTarget)
  if (target.role === role) return { is: 'outcome', outcome: 'noop' }
  if (role === Role.ADMIN) {
    if (users.get(userId)?.isGuest !== false) return refuse(guestsStay)
    if (hasAllAdmins(overlay)) return refuse({ code: 'LIMIT_EXCEEDED' })
  }
  overlay.alter(target, { role })
  const body = { userId, role: role === Role.ADMIN ? 'admin' : 'member' }
  return change(item, overlay, 'roleChanged', body, { members: [memberChange(userId, true, role)] })
}

/** The owner is one of adminIds, and none of them. */
export function hasAllAdmins(overlay: Overlay): boolean {
  return overlay.adminIds().length - 1 >= limits.maxAdmins
}
