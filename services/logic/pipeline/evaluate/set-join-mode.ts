import type { SetJoinMode } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { joinModeName } from '#proto/join-mode.ts'
import { authorize } from '../../authorize.ts'
import type { Item, Plan } from '../item.ts'
import type { Overlay } from '../overlay.ts'
import { change, refuse } from './entry.ts'

/** Whoever has asked to join before still waits. */
export function evaluateSetJoinMode(item: Item, { joinMode }: SetJoinMode, overlay: Overlay): Plan {
  const refusal = authorize(overlay.member(item.command.actorId), 'setJoinMode', overlay)
  if (refusal !== undefined) return refuse(refusal)
  if (joinMode === overlay.joinMode) return { is: 'outcome', outcome: 'noop' }
  overlay.joinMode = joinMode
  const body = { joinMode: joinModeName(joinMode) }
  return change(item, overlay, 'joinModeChanged', body, { conversation: { joinMode } })
}
