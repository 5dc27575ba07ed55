import {
  condition,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow'
import type { Activities } from '#activities/contract.ts'
import { redriveBatch as contract, type RedriveBatchInput, type RedriveBatchProgress } from './contracts.ts'
import { imState, imTaskKind } from './search-attributes.ts'

const { listParked, redriveOne } = proxyActivities<Activities>({
  startToCloseTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
})

/** Visibility is behind by a moment: the next pass gives it time to see what the last one did. */
const passGap = '1 second'

/** Redrives the parked dead letters that match, at a rate, until a pass over them finds none that was parked before it began. */
export async function redriveBatch(input?: RedriveBatchInput): Promise<RedriveBatchProgress> {
  let progress = input?.carried ?? beginBatch(input)
  // Of the first run: what fails again is parked anew, and not redriven for ever.
  const parkedBefore = workflowInfo().startTime.toISOString()

  setHandler(contract.progress, () => progress, { description: 'How many were redriven, and at what rate' })
  setHandler(contract.pause, () => become('paused'), { description: 'Stops before the next one' })
  setHandler(contract.resume, () => become('running'), { description: 'Goes on after pause' })
  upsertSearchAttributes([{ key: imTaskKind, value: contract.workflowType }])
  become(progress.state)

  while (await pass()) await sleep(passGap)
  become('done')
  return progress

  /** Whether it has found any. */
  async function pass(): Promise<boolean> {
    let hasFound = false
    let cursor = ''
    do {
      const { ids, nextCursor } = await listParked({ query: progress.query, cursor })
      for (const id of ids) {
        if (await redrive(id)) hasFound = true
      }
      cursor = nextCursor
    } while (cursor !== '')
    return hasFound
  }

  async function redrive(id: string): Promise<boolean> {
    await condition(() => progress.state === 'running')
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof redriveBatch>({ carried: progress })
    const outcome = await redriveOne({ id, parkedBefore })
    if (outcome === 'anew') return false
    progress = { ...progress, [outcome]: progress[outcome] + 1 }
    setCurrentDetails(details(progress))
    await sleep(1000 / progress.perSecond)
    return outcome === 'redriven'
  }

  function become(state: RedriveBatchProgress['state']): void {
    progress = { ...progress, state }
    upsertSearchAttributes([{ key: imState, value: state }])
    setCurrentDetails(details(progress))
  }
}

/** Whatever the Web UI was given: what is not understood is as if it were left out, but for a query, which must not match more. */
function beginBatch(input: RedriveBatchInput | undefined): RedriveBatchProgress {
  const { query = '', perSecond } = (input ?? {}) as { readonly query?: unknown; readonly perSecond?: unknown }
  const rate = typeof perSecond === 'number' && perSecond >= 1 ? Math.min(100, Math.floor(perSecond)) : 10
  return { state: 'running', query: String(query), perSecond: rate, redriven: 0, gone: 0 }
}

function details({ state, query, perSecond, redriven, gone }: RedriveBatchProgress): string {
  return [
    `**${state}**, ${perSecond} a second`,
    '',
    '| | |',
    '| --- | --- |',
    `| query | ${query.replaceAll('|', '\\|') || 'all that are parked'} |`,
    `| redriven | ${redriven} |`,
    `| had ended | ${gone} |`,
  ].join('\n')
}
