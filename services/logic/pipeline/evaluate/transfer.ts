import { Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { Transfer } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { authorize, authorizeOn } from '../../authorize.ts'
import type { Item, Plan } from '../item.ts'
import type { KnownUser } from '../knowledge.ts'
import type { Overlay } from '../overlay.ts'
import { change, memberChange, refuse } from './entry.ts'
import { guestsStay, noSuchMember } from './refusals.ts'
import { hasAllAdmins } from './set-role.ts'

/** One entry, two roles: there is no moment with no owner, or with two. The former owner is an admin. */
export function evaluateTransfer(
  item: Item,
  { userId }: Transfer,
  overlay: Overlay,
  users: ReadonlyMap<string, KnownUser>,
): Plan {
  const actor = overlay.member(item.command.actorId)
  const refusal = authorize(actor, 'transfer', overlay)
  if (refusal !== undefined) return refuse(refusal)
  const target = overlay.member(userId)
  if (actor === undefined || target === undefined) return refuse(noSuchMember)
  const refusalOfTarget = authorizeOn(actor, target)
  if (refusalOfTarget !== undefined) return refuse(refusalOfTarget)
  if (users.get(userId)?.isGuest !== false) return refuse(guestsStay)
  if (target.role !== Role.ADMIN && hasAllAdmins(overlay)) return refuse({ code: 'LIMIT_EXCEEDED' })
  overlay.alter(target, { role: Role.OWNER })
  overlay.alter(actor, { role: Role.ADMIN })
  const members = [memberChange(userId, true, Role.OWNER), memberChange(actor.userId, true, Role.ADMIN)]
  return change(item, overlay, 'transferred', { userId }, { members })
}
