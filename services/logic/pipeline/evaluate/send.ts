import type { Send } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { authorize } from '../../authorize.ts'
import type { Item, Plan } from '../item.ts'
import type { Overlay } from '../overlay.ts'
import { messageEntry } from './entry.ts'

export function evaluateSend(item: Item, send: Send, overlay: Overlay, nowMs: number): Plan {
  const { actorId } = item.command
  const refusal = authorize(overlay.member(actorId), 'send', overlay, nowMs)
  if (refusal !== undefined) return { is: 'lookup', refusal }
  const seq = overlay.takeSeq()
  // Who writes has read what is above; the database does the same with the entry.
  overlay.markRead(actorId, seq)
  return { is: 'entry', entry: messageEntry(item, send.type, send.body), seq, recipients: overlay.recipients() }
}
