import type { Entry } from '../../proto/frames/index.ts'

/** How an entry came: pushed, fetched, or as the ack of this device's own message. */
export type Via = 'push' | 'repair' | 'ack'

export interface Arrival {
  readonly entry: Entry
  readonly via: Via
}

/** Entries further ahead than this are not held: the repair brings them anyway. */
const maxHeld = 1000

/**
 * One conversation as this device holds it: everything up to `appliedSeq`, and what came too early.
 * Knows nothing of sockets and time.
 */
export class ConversationLog {
  readonly conversationId: string
  #appliedSeq: number
  #lastSeq: number
  /** Nothing behind it is this user's. */
  #endSeq = Infinity
  readonly #held = new Map<number, Arrival>()

  /** @param appliedSeq everything up to here is held already (the join_seq, for a new conversation) */
  constructor(conversationId: string, appliedSeq: number) {
    this.conversationId = conversationId
    this.#appliedSeq = appliedSeq
    this.#lastSeq = appliedSeq
  }

  get appliedSeq(): number {
    return this.#appliedSeq
  }

  /** The user has left and holds everything up to the end: nothing more will come. */
  get isClosed(): boolean {
    return this.#appliedSeq >= this.#endSeq
  }

  /** Takes an entry from anywhere; returns those that are now next in order. What is held already gives nothing. */
  offer(arrival: Arrival): Arrival[] {
    const { entry } = arrival
    if (entry.seq <= this.#appliedSeq || entry.seq > this.#endSeq) return []
    this.#lastSeq = Math.max(this.#lastSeq, entry.seq)
    if (entry.seq > this.#appliedSeq + 1) {
      if (this.#held.size < maxHeld) this.#held.set(entry.seq, arrival)
      return []
    }
    const applied = [arrival]
    this.#appliedSeq = entry.seq
    for (let next = this.#take(); next !== undefined; next = this.#take()) applied.push(next)
    return applied
  }

  /** The server says that entries up to here exist for this user. */
  extend(lastSeq: number): void {
    this.#lastSeq = Math.max(this.#lastSeq, lastSeq)
  }

  /** What is missing before the next held entry, or up to the known end. */
  gap(): { afterSeq: number; upToSeq: number } | undefined {
    if (this.#appliedSeq >= this.#lastSeq) return undefined
    const firstHeld = this.#held.size === 0 ? Infinity : Math.min(...this.#held.keys())
    return { afterSeq: this.#appliedSeq, upToSeq: Math.min(this.#lastSeq, firstHeld - 1) }
  }

  /** The user left at this seq: nothing behind it is theirs. */
  close(leaveSeq: number): void {
    this.#endSeq = leaveSeq
    this.#lastSeq = leaveSeq
    for (const seq of this.#held.keys()) if (seq > leaveSeq) this.#held.delete(seq)
  }

  /** The user joined (again) behind this seq: what lies before is not theirs. */
  restart(joinSeq: number): void {
    if (joinSeq <= this.#appliedSeq && joinSeq < this.#endSeq) return
    this.#endSeq = Infinity
    this.#appliedSeq = joinSeq
    this.#lastSeq = Math.max(this.#lastSeq, joinSeq)
    for (const seq of this.#held.keys()) if (seq <= joinSeq) this.#held.delete(seq)
  }

  #take(): Arrival | undefined {
    const arrival = this.#held.get(this.#appliedSeq + 1)
    if (arrival === undefined) return undefined
    this.#held.delete(arrival.entry.seq)
    this.#appliedSeq = arrival.entry.seq
    return arrival
  }
}
