import type { Rename } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { authorize } from '../../authorize.ts'
import type { Item, Plan } from '../item.ts'
import type { Overlay } from '../overlay.ts'
import { change, refuse } from './entry.ts'

/** The name is not held, so the same name again is an entry, too. */
export function evaluateRename(item: Item, { name }: Rename, overlay: Overlay): Plan {
  const refusal = authorize(overlay.member(item.command.actorId), 'rename', overlay)
  if (refusal !== undefined) return refuse(refusal)
  return change(item, overlay, 'renamed', { name }, { conversation: { name } })
}
