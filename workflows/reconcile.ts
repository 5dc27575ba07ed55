import { proxyActivities, setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow'
import type { Activities } from '#activities/contract.ts'
import { reconcile as contract, type ReconcileProgress } from './contracts.ts'
import { imState, imTaskKind } from './search-attributes.ts'

const { listBehind, poke } = proxyActivities<Activities>({
  startToCloseTimeout: '30 seconds',
  // The schedule comes again in a minute: what does not work by then is for the next one.
  scheduleToCloseTimeout: '45 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '5 seconds' },
})

/** Finds large conversations whose cursor is behind with nobody at work, and pokes them. */
export async function reconcile(): Promise<ReconcileProgress> {
  let progress: ReconcileProgress = { state: 'running', behind: 0, poked: 0 }

  setHandler(contract.progress, () => progress, { description: 'How many were behind, and how many of them are poked' })
  upsertSearchAttributes([
    { key: imTaskKind, value: contract.workflowType },
    { key: imState, value: progress.state },
  ])
  let afterId = ''
  do {
    const { behind, nextAfterId } = await listBehind({ afterId })
    progress = { ...progress, behind: progress.behind + behind.length }
    if (behind.length > 0) await poke(behind)
    progress = { ...progress, poked: progress.poked + behind.length }
    afterId = nextAfterId
  } while (afterId !== '')

  progress = { ...progress, state: 'done' }
  upsertSearchAttributes([{ key: imState, value: progress.state }])
  setCurrentDetails(`**${progress.poked}** of ${progress.behind} conversations that were behind are poked.`)
  return progress
}
