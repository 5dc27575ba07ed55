/**
 * Contracts: all that others may know of a workflow: its name, its id, what it is given, and what it can be told and asked.
 * Operator signals take no argument or any argument: the Web UI, `temporal` and `tctl` each send something else.
 */
import { defineQuery, defineSignal } from '@temporalio/workflow'

export const taskQueue = 'gochat-tasks'

/** Where a thing that failed for good lies. Ids and places only: this stays readable in the history. */
export interface DeadLetterInput {
  readonly kind: 'poison'
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Of the command in its record; −1: the record as a whole. */
  readonly index: number
  readonly reason: string
}

export interface DeadLetterProgress extends DeadLetterInput {
  readonly state: 'parked' | 'discarded'
  readonly parkedAt: string
}

export const deadLetter = {
  workflowType: 'deadLetter',
  workflowId: ({ kind, topic, partition, offset, index }: DeadLetterInput): string =>
    `dlq/${kind}/${topic}/${partition}/${offset}/${index}`,
  /** The operator has seen it: the letter ends as discarded. */
  discard: defineSignal<[unknown?]>('discard'),
  progress: defineQuery<DeadLetterProgress>('progress'),
}
