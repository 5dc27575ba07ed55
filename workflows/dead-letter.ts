import { condition, setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow'
import { deadLetter as contract, type DeadLetterInput, type DeadLetterProgress } from './contracts.ts'
import { imErrorType, imParkedAt, imState, imTaskKind } from './search-attributes.ts'

/**
 * Parks what failed for good until an operator has seen it. The workflow is the record: there is no second store, and as long as
 * it is open, no retention deletes it.
 */
export async function deadLetter(input: DeadLetterInput): Promise<DeadLetterProgress> {
  const parkedAt = new Date()
  let state: DeadLetterProgress['state'] = 'parked'
  const progress = (): DeadLetterProgress => ({ ...input, state, parkedAt: parkedAt.toISOString() })

  setHandler(contract.progress, progress, { description: 'What is parked, where it lies, and why' })
  setHandler(contract.discard, () => void (state = 'discarded'), { description: 'Seen and given up: ends this letter' })
  upsertSearchAttributes([
    { key: imTaskKind, value: 'deadLetter' },
    { key: imState, value: 'parked' },
    { key: imErrorType, value: input.reason },
    { key: imParkedAt, value: parkedAt },
  ])
  setCurrentDetails(
    `**Parked**: ${input.reason}\n\n| topic | partition | offset | index |\n| --- | --- | --- | --- |\n` +
      `| ${input.topic} | ${input.partition} | ${input.offset} | ${input.index} |\n\nSend \`discard\` once it is understood.`,
  )
  await condition(() => state !== 'parked')
  upsertSearchAttributes([{ key: imState, value: state }])
  return progress()
}
