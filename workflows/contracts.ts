/**
 * Contracts: all that others may know of a workflow: its name, its id, what it is given, and what it can be told and asked.
 * Operator signals take no argument or any argument: the Web UI, `temporal` and `tctl` each send something else.
 */
import { defineQuery, defineSignal } from '@temporalio/workflow'

export const taskQueue = 'gochat-tasks'

/** Members by what became of them; `skipped`: everything that they would have been told of was skipped by an operator. */
export interface Outcomes {
  readonly live: number
  readonly repaired: number
  readonly pushed: number
  readonly muted: number
  readonly parked: number
  readonly skipped: number
}

/** Both ends included. */
export interface SeqRange {
  readonly fromSeq: number
  readonly toSeq: number
}

export type FanoutState = 'running' | 'paused' | 'blocked' | 'done'

export interface GroupFanoutInput {
  readonly conversationId: string
  /** What a run hands to its successor. */
  readonly carried?: {
    readonly headSeq: number
    readonly isPaused: boolean
    readonly skips: readonly SeqRange[]
    readonly progress: FanoutProgress
  }
}

export interface FanoutProgress {
  readonly conversationId: string
  readonly state: FanoutState
  /** The cursor: every member is settled up to here. */
  readonly settledSeq: number
  readonly headSeq: number
  /** Rounds that have ended. */
  readonly rounds: number
  /** Members of the conversation at the end of the last round. */
  readonly members: number
  /** Together, the members that there were in the last round that ended. */
  readonly lastRound: Outcomes
  /** Of all rounds, also those of earlier runs. */
  readonly total: Outcomes
  /** Of the last activity that settled anybody. */
  readonly membersPerSecond: number
  /** Empty: none. */
  readonly lastError: string
  readonly skips: readonly SeqRange[]
}

/** One for each large conversation with something to settle: woken by `poke`, ends by itself when nothing is left to do. */
export const groupFanout = {
  workflowType: 'groupFanout',
  workflowId: (conversationId: string): string => `fanout/${conversationId}`,
  /** There may be entries up to here. Idempotent: what counts is the head that is stored. */
  poke: defineSignal<[{ readonly headSeq: number }]>('poke'),
  /** Stops settling, never live delivery. */
  pause: defineSignal<[unknown?]>('pause'),
  resume: defineSignal<[unknown?]>('resume'),
  /** `{fromSeq, toSeq}`: nobody is pushed for these; without a range, for all that is not settled yet. */
  skip: defineSignal<[unknown?]>('skip'),
  progress: defineQuery<FanoutProgress>('progress'),
}

/** A record, or one command of it, that can never be applied: where it lies. */
export interface PoisonLetter {
  readonly kind: 'poison'
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Of the command in its record; −1: the record as a whole. */
  readonly index: number
  readonly reason: string
}

/** Members of a large conversation who could not be settled for a range of its entries. */
export interface PageLetter {
  readonly kind: 'page'
  readonly conversationId: string
  /** The range is fromSeq < seq ≤ toSeq. */
  readonly fromSeq: number
  readonly toSeq: number
  /** The members are afterUserId < id ≤ upToUserId; empty: no bound. */
  readonly afterUserId: string
  readonly upToUserId: string
  readonly reason: string
}

/** What exhausted its retries. Ids and places only: this stays readable in the history. */
export type DeadLetterInput = PoisonLetter | PageLetter

export type DeadLetterState = 'parked' | 'redriving' | 'redriven' | 'discarded'

export interface DeadLetterProgress {
  readonly letter: DeadLetterInput
  readonly state: DeadLetterState
  readonly parkedAt: string
  /** How often it was redriven. */
  readonly attempts: number
  /** Of the newest redrive; empty: none failed. */
  readonly lastError: string
}

/** Parks what exhausted its retries until an operator has it redriven or discarded. */
export const deadLetter = {
  workflowType: 'deadLetter',
  workflowId(letter: DeadLetterInput): string {
    if (letter.kind === 'page') {
      return `dlq/page/${letter.conversationId}/${letter.toSeq}/${letter.afterUserId || '0'}`
    }
    return `dlq/poison/${letter.topic}/${letter.partition}/${letter.offset}/${letter.index}`
  },
  redrive: defineSignal<[unknown?]>('redrive'),
  /** The operator has seen it: the letter ends as discarded. */
  discard: defineSignal<[unknown?]>('discard'),
  progress: defineQuery<DeadLetterProgress>('progress'),
}

export interface RedriveBatchInput {
  /** A visibility query that narrows the parked dead letters, such as `ImErrorType="undecodable"`. Default: all of them. */
  readonly query?: string
  /** Default 10, at most 100. */
  readonly perSecond?: number
  /** What a run hands to its successor. */
  readonly carried?: RedriveBatchProgress
}

export interface RedriveBatchProgress {
  readonly state: 'running' | 'paused' | 'done'
  readonly query: string
  readonly perSecond: number
  /** Dead letters that were told to redrive. */
  readonly redriven: number
  /** Dead letters that had ended meanwhile. */
  readonly gone: number
}

/** Redrives parked dead letters by query, at a rate. The Web UI alone can start it: type `redriveBatch`, one JSON input or none. */
export const redriveBatch = {
  workflowType: 'redriveBatch',
  workflowId: (jobId: string): string => `redrive/${jobId}`,
  pause: defineSignal<[unknown?]>('pause'),
  resume: defineSignal<[unknown?]>('resume'),
  progress: defineQuery<RedriveBatchProgress>('progress'),
}

export interface ReconcileProgress {
  readonly state: 'running' | 'done'
  /** Conversations whose cursor was behind. */
  readonly behind: number
  readonly poked: number
}

/** Finds large conversations whose cursor is behind with nobody at work, and pokes them. Started by the schedule of its name. */
export const reconcile = {
  workflowType: 'reconcile',
  scheduleId: 'reconcile',
  everyMs: 60_000,
  progress: defineQuery<ReconcileProgress>('progress'),
}
