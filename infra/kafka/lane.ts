import { AppError, toAppError } from '../errors/index.ts'
import type { ProducedRecord } from './bus.ts'

export interface LaneOptions<Item> {
  readonly topic: string
  /** Such as `producer.send`. One call at a time. */
  send(records: readonly ProducedRecord[]): Promise<unknown>
  partitionOf(item: Item): number
  /** What the item weighs in a record. */
  sizeOf(item: Item): number
  /** The value of one record from items of one partition, in the order of push(). Must not keep the array. */
  encode(items: readonly Item[], partition: number): Buffer
  /** The items are in the log. In the order of push(). */
  onFlushed(items: readonly Item[]): void
  /** The outcome is unknown: they may be in the log. Not sent again by the lane. In the order of push(). */
  onFailed(items: readonly Item[], error: AppError): void
  /** From the start of one flush to the start of the next, unless eagerAt is met. Default 8. */
  readonly minGapMs?: number
  /** This many waiting items lift the gap. Default 32. */
  readonly eagerAt?: number
  /** Default 500. */
  readonly maxItemsPerFlush?: number
  /** A record closes before an item that would exceed it. Default 128 KiB. */
  readonly maxRecordBytes?: number
  /** Waiting and in flight together. Default 16 MiB. */
  readonly maxQueuedBytes?: number
  /** Milliseconds, monotone. */
  readonly now?: () => number
}

export interface Lane<Item> extends AsyncDisposable {
  /** Takes the item and reports later through onFlushed or onFailed. False, and nothing taken, when full or closed. */
  push(item: Item): boolean
  readonly waiting: number
  readonly queuedBytes: number
  /** Refuses new items and sends what waits, without gaps. What is left after the timeout (default 5000) fails. */
  close(timeoutMs?: number): Promise<void>
}

/**
 * Paced group commit: one send in flight; the next starts when that is done and either minGapMs have passed since the last
 * start or eagerAt items wait. Batches grow with the load, an idle lane adds no delay. Items of a partition keep their order:
 * a flush that failed is reported before anything pushed after it is sent. No promise and no closure per item.
 */
export function createLane<Item>(options: LaneOptions<Item>): Lane<Item> {
  const { minGapMs = 8, eagerAt = 32, maxItemsPerFlush = 500, maxRecordBytes = 128 * 1024 } = options
  const { maxQueuedBytes = 16 * 1024 * 1024, now = () => performance.now() } = options
  let waiting: Item[] = []
  let waitingBytes = 0
  let inFlight: Item[] = []
  let inFlightBytes = 0
  let lastStart = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let immediate: NodeJS.Immediate | undefined
  let isClosed = false
  const { promise: drained, resolve: resolveDrained } = Promise.withResolvers<void>()

  function push(item: Item): boolean {
    const bytes = options.sizeOf(item)
    if (isClosed || waitingBytes + inFlightBytes + bytes > maxQueuedBytes) return false
    waiting.push(item)
    waitingBytes += bytes
    schedule()
    return true
  }

  function schedule(): void {
    if (inFlight.length > 0 || immediate !== undefined) return
    if (waiting.length === 0) {
      if (isClosed) resolveDrained()
      return
    }
    const leftMs = lastStart + minGapMs - now()
    if (leftMs <= 0 || waiting.length >= eagerAt || isClosed) {
      clearTimeout(timer)
      timer = undefined
      // Not at once: what else this turn of the event loop brings joins the flush.
      immediate = setImmediate(flush)
    } else {
      timer ??= setTimeout(flush, Math.ceil(leftMs))
    }
  }

  function flush(): void {
    clearTimer()
    lastStart = now()
    inFlight = waiting.length <= maxItemsPerFlush ? waiting : waiting.slice(0, maxItemsPerFlush)
    waiting = waiting.slice(inFlight.length)
    inFlightBytes = sum(inFlight)
    waitingBytes -= inFlightBytes
    void send(inFlight)
  }

  async function send(items: Item[]): Promise<void> {
    let failure: AppError | undefined
    try {
      await options.send(toRecords(items))
    } catch (error) {
      failure = toAppError(error)
    }
    // close() has given them up meanwhile.
    if (inFlight !== items) return
    inFlight = []
    inFlightBytes = 0
    try {
      if (failure === undefined) options.onFlushed(items)
      else options.onFailed(items, failure)
    } finally {
      schedule()
    }
  }

  function toRecords(items: readonly Item[]): ProducedRecord[] {
    const open = new Map<number, { items: Item[]; bytes: number }>()
    const records: ProducedRecord[] = []
    const seal = (partition: number, record: { items: Item[] }) =>
      records.push({ topic: options.topic, partition, value: options.encode(record.items, partition) })

    for (const item of items) {
      const partition = options.partitionOf(item)
      const bytes = options.sizeOf(item)
      let record = open.get(partition)
      if (record !== undefined && record.bytes + bytes > maxRecordBytes) {
        seal(partition, record)
        record = undefined
      }
      if (record === undefined) open.set(partition, (record = { items: [], bytes: 0 }))
      record.items.push(item)
      record.bytes += bytes
    }
    for (const [partition, record] of open) seal(partition, record)
    return records
  }

  function sum(items: readonly Item[]): number {
    let bytes = 0
    for (const item of items) bytes += options.sizeOf(item)
    return bytes
  }

  function clearTimer(): void {
    clearTimeout(timer)
    clearImmediate(immediate)
    timer = undefined
    immediate = undefined
  }

  async function close(timeoutMs = 5000): Promise<void> {
    isClosed = true
    schedule()
    const deadline = setTimeout(giveUp, timeoutMs)
    await drained
    clearTimeout(deadline)
  }

  function giveUp(): void {
    clearTimer()
    const left = [...inFlight, ...waiting]
    inFlight = []
    waiting = []
    inFlightBytes = 0
    waitingBytes = 0
    resolveDrained()
    if (left.length > 0) options.onFailed(left, new AppError('UNAVAILABLE', { message: 'The lane closed first.' }))
  }

  return {
    push,
    close,
    get waiting() {
      return waiting.length
    },
    get queuedBytes() {
      return waitingBytes + inFlightBytes
    },
    [Symbol.asyncDispose]: () => close(),
  }
}
