import type { Mute } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { authorize, authorizeOn } from '../../authorize.ts'
import type { Item, Plan } from '../item.ts'
import type { Overlay } from '../overlay.ts'
import { change, memberChange, refuse } from './entry.ts'
import { noSuchMember } from './refusals.ts'

/** Until a time, which may have passed: then it changes nothing but what is on record. 0 lifts it. */
export function evaluateMute(item: Item, { userId, untilMs }: Mute, overlay: Overlay): Plan {
  const actor = overlay.member(item.command.actorId)
  const refusal = authorize(actor, 'mute', overlay)
  if (refusal !== undefined) return refuse(refusal)
  const target = overlay.member(userId)
  if (target === undefined) return refuse(noSuchMember)
  const refusalOfTarget = authorizeOn(actor, target)
  if (refusalOfTarget !== undefined) return refuse(refusalOfTarget)
  if (target.mutedUntilMs === untilMs) return { is: 'outcome', outcome: 'noop' }
  overlay.alter(target, { mutedUntilMs: untilMs })
  const members = [memberChange(userId, true, target.role, untilMs)]
  if (untilMs === 0) return change(item, overlay, 'unmuted', { userId }, { members })
  return change(item, overlay, 'muted', { userId, until: untilMs }, { members })
}
