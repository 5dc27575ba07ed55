import { setTimeout as delay } from 'node:timers/promises'

import { Kysely, MysqlDialect, type MysqlPoolConnection, type Transaction } from 'kysely'

import { AppError } from '#infra/errors/index.ts'
import type { Logger } from '#infra/logger/index.ts'

import { isDeadlock } from './errors.ts'
import type { GuardedPool } from './guarded-pool.ts'

export interface TransactionOptions {
  /** Longest life of one attempt, from having a connection to COMMIT. Default 5 000. Then the connection is cut and the server rolls back. */
  readonly timeoutMs?: number
  /** How often the work is repeated after a deadlock or lock timeout. Default 3. */
  readonly retries?: number
}

/**
 * Runs `work` in a READ COMMITTED transaction. It may run several times, so it must have no effects but its queries.
 * Throws what `work` throws (rolled back); UNAVAILABLE or DEADLINE_EXCEEDED leave the outcome of the COMMIT unknown.
 */
export async function runTransaction<DB, T>(
  pool: GuardedPool,
  work: (tx: Transaction<DB>) => Promise<T>,
  log: Logger,
  { timeoutMs = 5_000, retries = 3 }: TransactionOptions = {},
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await attemptOnce(pool, work, timeoutMs)
    } catch (error) {
      if (!isDeadlock(error)) throw error
      if (attempt >= retries) throw new AppError('UNAVAILABLE', { message: 'Too many deadlocks.', cause: error })
      log.debug({ attempt }, 'transaction rolled back by a deadlock; repeating')
      await delay(Math.random() * 10 * 2 ** attempt)
    }
  }
}

async function attemptOnce<DB, T>(pool: GuardedPool, work: (tx: Transaction<DB>) => Promise<T>, timeoutMs: number) {
  const connection = await pool.acquire()
  // A kysely of its own (microseconds), so that the connection under the transaction is known and can be cut. Ending it by
  // ROLLBACK would not do: a query that `work` sends after that would run, and commit, outside of any transaction.
  const db = new Kysely<DB>({ dialect: new MysqlDialect({ pool: poolOfOne(connection) }) })
  const deadline = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    connection.destroy()
    deadline.reject(new AppError('DEADLINE_EXCEEDED', { message: 'The transaction took too long.' }))
  }, timeoutMs)
  try {
    return await Promise.race([db.transaction().execute(work), deadline.promise])
  } finally {
    clearTimeout(timer)
  }
}

function poolOfOne(connection: MysqlPoolConnection) {
  return {
    getConnection: (done: (error: unknown, connection: MysqlPoolConnection) => void) => done(null, connection),
    end: (done: (error: unknown) => void) => done(null),
  }
}
