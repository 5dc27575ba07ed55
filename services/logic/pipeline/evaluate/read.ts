import type { Read } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { authorize } from '../../authorize.ts'
import { noop, type Item, type Plan } from '../item.ts'
import type { Overlay } from '../overlay.ts'

/** Monotone, and never beyond the log. In large conversations only the reader's own devices hear of it. */
export function evaluateRead(item: Item, read: Read, overlay: Overlay): Plan {
  const { actorId } = item.command
  const refusal = authorize(overlay.member(actorId), 'read', overlay)
  if (refusal !== undefined) return { is: 'refused', refusal }
  const seq = Math.min(read.seq, overlay.lastSeq)
  if (seq <= overlay.readSeqOf(actorId)) return noop
  overlay.markRead(actorId, seq)
  const { isLarge } = overlay
  return { is: 'read', seq, recipients: isLarge ? [actorId] : overlay.userIds(), isLarge }
}
