import { authorize } from '../../authorize.ts'
import { noop, type Item, type Plan } from '../item.ts'
import type { Overlay } from '../overlay.ts'

/** By the broker's clock: after a pause nobody is typing any more. */
const maxAgeMs = 10_000

export function evaluateTyping(item: Item, overlay: Overlay, nowMs: number): Plan {
  const { actorId } = item.command
  if (overlay.isLarge || nowMs - item.timestampMs > maxAgeMs) return noop
  if (authorize(overlay.member(actorId), 'typing', overlay) !== undefined) return noop
  return { is: 'typing', recipients: overlay.userIds().filter((userId) => userId !== actorId) }
}
