import type { MuteAll } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { authorize } from '../../authorize.ts'
import type { Item, Plan } from '../item.ts'
import type { Overlay } from '../overlay.ts'
import { change, refuse } from './entry.ts'

export function evaluateMuteAll(item: Item, { isMuted }: MuteAll, overlay: Overlay): Plan {
  const refusal = authorize(overlay.member(item.command.actorId), 'muteAll', overlay)
  if (refusal !== undefined) return refuse(refusal)
  if (isMuted === overlay.isMutedAll) return { is: 'outcome', outcome: 'noop' }
  overlay.isMutedAll = isMuted
  return change(item, overlay, isMuted ? 'mutedAll' : 'unmutedAll', {}, { conversation: { isMutedAll: isMuted } })
}
