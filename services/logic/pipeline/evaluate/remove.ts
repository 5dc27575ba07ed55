import type { RemoveMembers } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { authorize, authorizeOn } from '../../authorize.ts'
import type { Item, Plan } from '../item.ts'
import type { Overlay } from '../overlay.ts'
import { changeEntry, memberChange, refuse, withGone } from './entry.ts'

/** All of the named users or none: one who may not be removed refuses the command. Who is not in is passed over. */
export function evaluateRemove(item: Item, remove: RemoveMembers, overlay: Overlay): Plan {
  const actor = overlay.member(item.command.actorId)
  const refusal = authorize(actor, 'remove', overlay)
  if (refusal !== undefined) return refuse(refusal)
  const targets = [...new Set(remove.userIds)]
    .map((userId) => overlay.member(userId))
    .filter((target) => target !== undefined)
  if (targets.length === 0) return { is: 'outcome', outcome: 'noop' }
  for (const target of targets) {
    const refusal = authorizeOn(actor, target)
    if (refusal !== undefined) return refuse(refusal)
  }
  const userIds = targets.map((target) => target.userId)
  const changes = targets.map((target) => memberChange(target.userId, false, target.role))
  const seq = overlay.takeSeq()
  overlay.leave(userIds)
  const recipients = withGone(overlay, userIds)
  return { is: 'entry', entry: changeEntry(item, 'removed', { userIds }, changes), seq, recipients }
}
