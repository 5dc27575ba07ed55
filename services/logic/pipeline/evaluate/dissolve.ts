import { authorize } from '../../authorize.ts'
import type { Item, Plan } from '../item.ts'
import type { Overlay } from '../overlay.ts'
import { change, refuse } from './entry.ts'

/** The last entry. Everybody has left from here on, and not one member is changed for it: a group may have very many. */
export function evaluateDissolve(item: Item, overlay: Overlay): Plan {
  const refusal = authorize(overlay.member(item.command.actorId), 'dissolve', overlay)
  if (refusal !== undefined) return refuse(refusal)
  const plan = change(item, overlay, 'dissolved', {}, { conversation: { isDissolved: true } })
  overlay.dissolvedSeq = overlay.lastSeq
  return plan
}
