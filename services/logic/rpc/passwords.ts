import { hash, verify, type Algorithm } from '@node-rs/argon2'
import { AppError } from '#infra/errors/index.ts'

export interface Passwords {
  /** @throws AppError OVERLOADED */
  hash(password: string): Promise<string>
  /** Undefined for a user that does not exist: the same work, and false. @throws AppError OVERLOADED */
  verify(passwordHash: string | undefined, password: string): Promise<boolean>
}

export interface PasswordOptions {
  /** `low` is for test runs. */
  readonly cost: 'standard' | 'low'
  /** Default 2: each takes a core and its memory. */
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
  const { cost, maxConcurrent = 2, maxWaiting = 100 } = options
  const settings = { ...costs[cost], algorithm: argon2id }
  const waiting: (() => void)[] = []
  let active = 0
  let dummy: Promise<string> | undefined

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (active >= maxConcurrent) {
      if (waiting.length >= maxWaiting) throw new AppError('OVERLOADED')
      // Whoever ends hands its place over: active stays as it is.
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else active += 1
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) active -= 1
      else next()
    }
  }

  return {
    hash: (password) => inTurn(() => hash(password, settings)),
    async verify(passwordHash, password) {
      if (passwordHash !== undefined) return inTurn(() => verify(passwordHash, password))
      dummy ??= hash('nobody has this password', settings)
      const dummyHash = await dummy
      await inTurn(() => verify(dummyHash, password))
      return false
    },
  }
}
