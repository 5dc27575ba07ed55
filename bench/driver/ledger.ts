import { createLatencies, type Latencies } from './latencies.ts'
import { SeqSet } from './seq-set.ts'

/** What all connections of one run saw, added up. */
export interface Meter {
  isMeasuring: boolean
  acked: number
  delivered: number
  refused: number
  duplicated: number
  reordered: number
  latencies: Latencies
  /** Why connections closed that nobody closed. */
  readonly closed: string[]
}

export function createMeter(): Meter {
  return {
    isMeasuring: false,
    acked: 0,
    delivered: 0,
    refused: 0,
    duplicated: 0,
    reordered: 0,
    latencies: createLatencies(),
    closed: [],
  }
}

/** When a writer may send its next message: when its own is acknowledged, or when everybody in the room has it. */
export type Release = 'ack' | 'all'

/**
 * The books of one room: what was acknowledged, and who holds it. A message is a number of a source; in GoChat the
 * conversation is the one source and numbers by seq, elsewhere each writer is one and numbers its own.
 */
export class Ledger {
  readonly meter: Meter
  /** The members, by place; the first of them are the writers. */
  readonly receivers: readonly Receiver[]
  readonly acked: SeqSet[] = []
  /** Sends without an answer. */
  unanswered = 0
  /** Called when a writer may send again. */
  onFree: (writer: number) => void = () => {}
  #release: Release = 'ack'
  /** With 'all': by number, how many hold a message that not everybody has, and whose it is. */
  readonly #spreading = new Map<number, { holders: number; writer: number }>()

  constructor(meter: Meter, members: number) {
    this.meter = meter
    this.receivers = Array.from({ length: members }, () => new Receiver(this))
  }

  set release(release: Release) {
    this.#release = release
  }

  sent(): void {
    this.unanswered += 1
  }

  /** The writer's own copy of its message: an acknowledgement, or an echo. */
  answered(writer: number, source: number, number: number): void {
    this.unanswered -= 1
    this.receivers[writer]!.holdOwn(source, number)
    if (this.meter.isMeasuring) this.meter.acked += 1
    if (!(this.acked[source] ??= new SeqSet()).add(number)) this.meter.duplicated += 1
    if (this.#release === 'ack') this.onFree(writer)
    else this.spread(number, writer)
  }

  refused(writer: number): void {
    this.unanswered -= 1
    this.meter.refused += 1
    this.onFree(writer)
  }

  /** One more holds it; `writer` is known once it is acknowledged. */
  spread(number: number, writer = -1): void {
    if (this.#release === 'ack') return
    let state = this.#spreading.get(number)
    if (state === undefined) this.#spreading.set(number, (state = { holders: 0, writer: -1 }))
    state.holders += 1
    if (writer >= 0) state.writer = writer
    if (state.holders < this.receivers.length || state.writer < 0) return
    this.#spreading.delete(number)
    this.onFree(state.writer)
  }

  /** Acknowledged messages that members do not hold, and sends that nobody answered. */
  lost(): number {
    const missing = this.acked.map((acked, source) =>
      this.receivers.reduce((sum, { held }) => sum + acked.countMissingIn(held[source] ?? none), 0),
    )
    return missing.reduce((sum, count) => sum + count, this.unanswered)
  }

  /** Messages that arrived and that no send was answered with: one send was stored twice. */
  unexpected(): number {
    if (this.unanswered > 0) return 0
    return this.receivers.reduce(
      (sum, { held }) =>
        sum + held.reduce((more, set, source) => more + set.countMissingIn(this.acked[source] ?? none), 0),
      0,
    )
  }
}

const none = new SeqSet()

/** What one member of a room holds. */
export class Receiver {
  readonly held: SeqSet[] = []
  readonly #ledger: Ledger
  readonly #highest: number[] = []

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /** Its own message, by its acknowledgement. */
  holdOwn(source: number, number: number): void {
    ;(this.held[source] ??= new SeqSet()).add(number)
  }

  /** A message that was pushed to it. */
  take(source: number, number: number, sentAtMs: number, nowMs: number): void {
    const { meter } = this.#ledger
    const isNew = (this.held[source] ??= new SeqSet()).add(number)
    const highest = this.#highest[source] ?? -1
    if (!isNew) meter.duplicated += 1
    else if (number < highest) meter.reordered += 1
    else this.#highest[source] = number
    if (isNew) this.#ledger.spread(number)
    if (!meter.isMeasuring) return
    meter.delivered += 1
    meter.latencies.record(nowMs - sentAtMs)
  }
}
