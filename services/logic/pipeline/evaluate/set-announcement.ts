import type { SetAnnouncement } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { authorize } from '../../authorize.ts'
import type { Item, Plan } from '../item.ts'
import type { Overlay } from '../overlay.ts'
import { change, refuse } from './entry.ts'

/** An empty text takes it away. It is not held, so the same text again is an entry, too. */
export function evaluateSetAnnouncement(item: Item, { text }: SetAnnouncement, overlay: Overlay): Plan {
  const refusal = authorize(overlay.member(item.command.actorId), 'setAnnouncement', overlay)
  if (refusal !== undefined) return refuse(refusal)
  return change(item, overlay, 'announced', { text }, { conversation: { announcement: text } })
}
