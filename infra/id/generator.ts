import { AppError } from '../errors/index.ts'

export const maxWorkers = 1024
const epochMs = Date.UTC(2024, 0, 1)
const sequencesPerMs = 4096
const maxAheadMs = 5000

export interface IdGeneratorOptions {
  /** 0 to 1023; a function when it may change, as a leased number does. */
  readonly worker: number | (() => number)
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/**
 * Returns the generator: 41 bits of milliseconds since 2024, 10 bits of worker, 12 bits of sequence; lasts until 2093.
 * When a millisecond is used up, or the clock went back, it goes on in the last millisecond used and then borrows from
 * the next ones; more than 5 s ahead of the clock the generator throws UNAVAILABLE.
 */
export function createIdGenerator(options: IdGeneratorOptions): () => string {
  const { now = Date.now } = options
  const workerNow = typeof options.worker === 'function' ? options.worker : () => options.worker as number
  let lastMs = 0
  let sequence = 0

  return function newId() {
    const worker = workerNow()
    if (!Number.isInteger(worker) || worker < 0 || worker >= maxWorkers) {
      throw new RangeError(`worker number ${worker} is not within 0 to ${maxWorkers - 1}`)
    }
    const clockMs = now() - epochMs
    if (clockMs > lastMs) {
      lastMs = clockMs
      sequence = 0
    } else {
      if (lastMs - clockMs > maxAheadMs) {
        throw new AppError('UNAVAILABLE', { message: 'The clock went back too far to make ids.' })
      }
      sequence += 1
      if (sequence === sequencesPerMs) {
        lastMs += 1
        sequence = 0
      }
    }
    return ((BigInt(lastMs) << 22n) | BigInt(worker * sequencesPerMs + sequence)).toString()
  }
}

/** When the id was made, in epoch milliseconds. */
export function timeOfId(id: string): number {
  return Number(BigInt(id) >> 22n) + epochMs
}
