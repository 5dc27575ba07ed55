import { Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { authorize } from '../../authorize.ts'
import type { Item, Plan } from '../item.ts'
import type { Overlay } from '../overlay.ts'
import { changeEntry, memberChange, refuse, withGone } from './entry.ts'

/** In a large conversation others do not hear of it. */
export function evaluateLeave(item: Item, overlay: Overlay): Plan {
  const { actorId } = item.command
  const role = overlay.member(actorId)?.role ?? Role.UNSPECIFIED
  const refusal = authorize(overlay.member(actorId), 'leave', overlay)
  if (refusal !== undefined) return refuse(refusal)
  const changes = [memberChange(actorId, false, role)]
  if (overlay.isLarge) {
    overlay.leave([actorId])
    return { is: 'quiet', changes, seq: overlay.lastSeq }
  }
  const seq = overlay.takeSeq()
  overlay.leave([actorId])
  const recipients = withGone(overlay, [actorId])
  return { is: 'entry', entry: changeEntry(item, 'left', {}, changes), seq, recipients }
}
