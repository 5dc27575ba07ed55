import { limits } from '#proto/frames/index.ts'
import { Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { AddMembers } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { authorize } from '../../authorize.ts'
import type { Item, Plan } from '../item.ts'
import type { KnownUser } from '../knowledge.ts'
import type { Overlay } from '../overlay.ts'
import { changeEntry, memberChange, refuse } from './entry.ts'

/**
 * All of the named users or none: one unknown user refuses the command. Who is in already is passed over. In a large
 * conversation others do not hear of it.
 */
export function evaluateAdd(
  item: Item,
  add: AddMembers,
  overlay: Overlay,
  users: ReadonlyMap<string, KnownUser>,
): Plan {
  const refusal = authorize(overlay.member(item.command.actorId), 'add', overlay)
  if (refusal !== undefined) return refuse(refusal)
  const userIds = [...new Set(add.userIds)].filter((userId) => overlay.member(userId) === undefined)
  if (userIds.length === 0) return { is: 'outcome', outcome: 'noop' }
  if (!userIds.every((userId) => users.has(userId))) return refuse({ code: 'USER_NOT_FOUND' })
  if (overlay.memberCount + userIds.length > limits.maxGroupMembers) return refuse({ code: 'LIMIT_EXCEEDED' })
  const changes = userIds.map((userId) => memberChange(userId, true, Role.MEMBER))
  if (overlay.isLarge) {
    overlay.join(userIds, overlay.lastSeq)
    return { is: 'quiet', changes, seq: overlay.lastSeq }
  }
  const seq = overlay.takeSeq()
  // Who joins sees it.
  overlay.join(userIds, seq - 1)
  return { is: 'entry', entry: changeEntry(item, 'added', { userIds }, changes), seq, recipients: overlay.recipients() }
}
