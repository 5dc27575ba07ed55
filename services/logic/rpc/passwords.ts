import { availableParallelism } from 'node:os'
import { hash, verify, type Algorithm } from '@node-rs/argon2'
import { AppError } from '#infra/errors/index.ts'

export interface Passwords {
  /** @throws AppError OVERLOADED; DEADLINE_EXCEEDED when the signal is aborted before its turn */
  hash(password: string, signal?: AbortSignal): Promise<string>
  /** Undefined for a user that does not exist: the same work, and false. @throws AppError as hash() */
  verify(passwordHash: string | undefined, password: string, signal?: AbortSignal): Promise<boolean>
}

export interface PasswordOptions {
  /** `low` is for test runs. */
  readonly cost: 'standard' | 'low'
  /**
   * Default: half of the cores, at most 2. Each takes a core and its memory, and a socket's ping must find one too. Hashing runs
   * on libuv's threads, of which there are four unless UV_THREADPOOL_SIZE says otherwise: some are left for files, names and keys.
   */
  readonly maxConcurrent?: number
  /** Default 100; beyond it OVERLOADED. */
  readonly maxWaiting?: number
}

// The package declares a const enum, which type stripping cannot read.
const argon2id: Algorithm.Argon2id = 2

const costs = {
  // OWASP's minimum for argon2id.
  standard: { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 },
  low: { memoryCost: 8 * 1024, timeCost: 1, parallelism: 1 },
} as const

/** Argon2id in a bounded pool: logging in costs more than anything else that a stranger may ask for. */
export function createPasswords(options: PasswordOptions): Passwords {
  const { cost, maxConcurrent = halfOfTheCores(), maxWaiting = 100 } = options
  const settings = { ...costs[cost], algorithm: argon2id }
  const nobody = hashOfNobody(costs[cost])
  const waiting: (() => void)[] = []
  let active = 0

  async function inTurn<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (active >= maxConcurrent) {
      if (waiting.length >= maxWaiting) throw new AppError('OVERLOADED')
      // Whoever ends hands its place over: active stays as it is.
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else active += 1
    try {
      // Nobody waits for it any more.
      if (signal?.aborted === true) throw new AppError('DEADLINE_EXCEEDED')
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) active -= 1
      else next()
    }
  }

  return {
    hash: (password, signal) => inTurn(() => hash(password, settings), signal),
    async verify(passwordHash, password, signal) {
      const isRight = await inTurn(() => verify(passwordHash ?? nobody, password), signal)
      return passwordHash !== undefined && isRight
    },
  }
}

function halfOfTheCores(): number {
  return Math.min(2, Math.max(1, Math.floor(availableParallelism() / 2)))
}

/** A hash that no password has, in the form and of the cost of any other. */
function hashOfNobody({ memoryCost, timeCost, parallelism }: (typeof costs)['standard' | 'low']): string {
  const bytes = (length: number) => Buffer.alloc(length).toString('base64').replaceAll('=', '')
  return `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${bytes(16)}$${bytes(32)}`
}
