import { limits } from '#proto/frames/index.ts'
import { authorize } from '../../authorize.ts'
import type { Item, Plan } from '../item.ts'
import type { Overlay } from '../overlay.ts'
import { refuse } from './entry.ts'
import { notFound, tooMany } from './refusals.ts'

/** Of the own request to join. For who has never asked the group does not exist, whatever it is open for. */
export function evaluateWithdraw(item: Item, overlay: Overlay): Plan {
  const { actorId } = item.command
  const refusal = authorize(overlay.member(actorId), 'withdraw', overlay)
  if (refusal !== undefined) return refuse(refusal)
  if (overlay.member(actorId) !== undefined) return { is: 'outcome', outcome: 'noop' }
  const request = overlay.joinRequests.of(actorId)
  if (request === undefined) return refuse(notFound)
  const { isPending, keptAnswers } = request
  if (!isPending && keptAnswers >= limits.maxCommandsOutside) return { is: 'lookup', refusal: tooMany }
  const change = overlay.joinRequests.change(actorId, false, keptAnswers + 1)
  if (!isPending) return { is: 'request', outcome: 'noop', change, told: undefined }
  const recipients = [...overlay.adminIds(), actorId]
  return {
    is: 'request',
    outcome: 'applied',
    change,
    told: { state: 'withdrawn', recipients, isLarge: overlay.isLarge },
  }
}
