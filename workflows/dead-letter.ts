import {
  CancellationScope,
  condition,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow'
import type { SearchAttributeUpdatePair } from '@temporalio/common'
import type { Activities } from '#activities/contract.ts'
import {
  deadLetter as contract,
  type DeadLetterInput,
  type DeadLetterProgress,
  type DeadLetterState,
} from './contracts.ts'
import { failureText } from './failure-text.ts'
import { imAttempts, imConversationId, imErrorType, imParkedAt, imState, imTaskKind } from './search-attributes.ts'

const { settlePage, reproducePoison } = proxyActivities<Activities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '10 seconds', maximumAttempts: 5 },
})
const { dropPoison } = proxyActivities<Activities>({
  startToCloseTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
})

/**
 * Parks what exhausted its retries until an operator has it redriven or discarded. The workflow is the record: there is no
 * second store, and as long as it is open, no retention deletes it.
 */
export async function deadLetter(letter: DeadLetterInput): Promise<DeadLetterProgress> {
  let progress: DeadLetterProgress = { letter, state: 'parked', parkedAt: '', attempts: 0, lastError: '' }
  let wish: 'redrive' | 'discard' | undefined

  setHandler(contract.progress, () => progress, {
    description: 'What is parked, where it lies, why, and how often it was redriven',
  })
  setHandler(contract.redrive, () => void (wish ??= progress.state === 'parked' ? 'redrive' : undefined), {
    description: 'Runs it again; what fails again is parked again',
  })
  setHandler(contract.discard, () => void (wish = 'discard'), { description: 'Seen and given up: ends this letter' })
  become('parked', [
    { key: imTaskKind, value: contract.workflowType },
    { key: imErrorType, value: letter.reason },
    ...(letter.kind === 'page' ? [{ key: imConversationId, value: letter.conversationId }] : []),
  ])

  for (;;) {
    await condition(() => wish !== undefined)
    const granted = wish
    wish = undefined
    if (granted === 'discard') return discard()
    if (await redrive()) return progress
    become('parked')
  }

  async function discard(): Promise<DeadLetterProgress> {
    if (letter.kind === 'poison') await dropPoison(letter)
    become('discarded')
    return progress
  }

  async function redrive(): Promise<boolean> {
    progress = { ...progress, attempts: progress.attempts + 1 }
    become('redriving')
    try {
      await (letter.kind === 'page' ? settlePage(letter) : reproducePoison(letter))
    } catch (error) {
      if (CancellationScope.current().consideredCancelled) throw error
      progress = { ...progress, lastError: failureText(error) }
      return false
    }
    // The copy goes only when what it holds is back on its way.
    if (letter.kind === 'poison') await dropPoison(letter)
    become('redriven')
    return true
  }

  function become(state: DeadLetterState, more: readonly SearchAttributeUpdatePair[] = []): void {
    const now = new Date()
    const parkedAt = state === 'parked' ? now.toISOString() : progress.parkedAt
    progress = { ...progress, state, parkedAt }
    upsertSearchAttributes([
      ...more,
      { key: imState, value: state },
      { key: imAttempts, value: progress.attempts },
      ...(state === 'parked' ? [{ key: imParkedAt, value: now }] : []),
    ])
    setCurrentDetails(details(progress))
  }
}

function details({ letter, state, parkedAt, attempts, lastError }: DeadLetterProgress): string {
  const { kind, reason, ...place } = letter
  const rows = Object.entries({ ...place, 'parked at': parkedAt, redriven: attempts, 'last error': lastError || '–' })
  return [
    `**${state}**: ${kind}, ${reason}`,
    '',
    '| | |',
    '| --- | --- |',
    ...rows.map(([name, value]) => `| ${name} | ${String(value).replaceAll('|', '\\|') || '–'} |`),
    '',
    'Send `redrive` to run it again, `discard` to give it up.',
  ].join('\n')
}
