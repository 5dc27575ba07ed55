import type { FanoutProgress, PageLetter, PoisonLetter, SeqRange } from '#workflows/contracts.ts'

/** What workflows can have done, by types that need nothing of Node. */
export interface Activities {
  /** Settles every member up to the head, and stays a moment for what comes. */
  settle(input: SettleInput): Promise<SettleResult>
  /** Settles the members of a parked page, whom no cursor waits for. */
  settlePage(letter: PageLetter): Promise<void>
  /** Sends the copy of poison where it came from. */
  reproducePoison(letter: PoisonLetter): Promise<void>
  /** Forgets the copy; does nothing when there is none. */
  dropPoison(letter: PoisonLetter): Promise<void>
  listParked(page: ParkedPage): Promise<ParkedList>
  redriveOne(parked: { readonly id: string; readonly parkedBefore: string }): Promise<RedriveOutcome>
  /** Conversations whose cursor is behind with nobody at work. */
  listBehind(page: { readonly afterId: string }): Promise<BehindList>
  poke(conversations: readonly BehindConversation[]): Promise<void>
}

export interface SettleInput {
  readonly conversationId: string
  readonly skips: readonly SeqRange[]
  /** Pages that have their dead letters by now: counted as parked, and passed. */
  readonly parked: readonly PageLetter[]
}

/**
 * Why an activity has ended: `idle`: all is settled; `time`: it has worked long enough for one activity; `cancelled`: it was
 * asked to stop; `parked`: it stands before pages that need dead letters first.
 */
export type SettleReason = 'idle' | 'time' | 'cancelled' | 'parked'

export interface SettleResult extends Omit<FanoutProgress, 'conversationId' | 'state' | 'lastError' | 'skips'> {
  readonly parked: readonly PageLetter[]
  readonly reason: SettleReason
}

/** What an operator sees of a running `settle`. */
export interface SettleHeartbeat {
  readonly settledSeq: number
  readonly roundSeq: number
  readonly afterUserId: string
  readonly membersPerSecond: number
}

export interface ParkedPage {
  readonly query: string
  readonly cursor: string
}

export interface ParkedList {
  readonly ids: readonly string[]
  /** Empty: this was the last page. */
  readonly nextCursor: string
}

/** `anew`: it was parked again after the batch had begun, and is left to the next one. */
export type RedriveOutcome = 'redriven' | 'gone' | 'anew'

export interface BehindConversation {
  readonly conversationId: string
  readonly headSeq: number
}

export interface BehindList {
  readonly behind: readonly BehindConversation[]
  /** Empty: this was the last page. */
  readonly nextAfterId: string
}
