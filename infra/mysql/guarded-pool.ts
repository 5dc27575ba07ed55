import type { MysqlPool, MysqlPoolConnection, MysqlQueryResult } from 'kysely'
import type { Pool, PoolConnection } from 'mysql2'

import { AppError } from '#infra/errors/index.ts'

import { translateError } from './errors.ts'
import { createQuerier, type Querier } from './querier.ts'
import type { QueryMetrics } from './query-metrics.ts'
import { sessionStatements } from './settings.ts'

export interface GuardOptions {
  /** Longest wait for a free connection, making one included. Then: OVERLOADED. */
  readonly acquireTimeoutMs: number
  /** Longest wait for one query. Then: DEADLINE_EXCEEDED, and its connection is thrown away. */
  readonly queryTimeoutMs: number
}

/** mysql2's pool as kysely wants it, with what mysql2 lacks: bounded waits, session settings, errors with names, metrics. */
export interface GuardedPool extends MysqlPool {
  acquire(): Promise<MysqlPoolConnection>
}

export function guardPool(pool: Pool, metrics: QueryMetrics, options: GuardOptions): GuardedPool {
  const prepared = new WeakSet<PoolConnection>()

  const guarded: GuardedPool = {
    acquire: () =>
      new Promise((resolve, reject) => {
        guarded.getConnection((error, connection) => {
          if (error) reject(error)
          else resolve(connection)
        })
      }),

    getConnection(done) {
      let isTooLate = false
      metrics.waiting(1)
      const settle = (error: Error | null, connection?: MysqlPoolConnection) => {
        clearTimeout(timer)
        metrics.waiting(-1)
        if (error) metrics.connectionFailed()
        // The type claims a connection in both cases; nobody looks at it after an error.
        done(error, connection as MysqlPoolConnection)
      }
      const timer = setTimeout(() => {
        isTooLate = true
        settle(overloaded('No connection became free in time.'))
      }, options.acquireTimeoutMs)

      pool.getConnection((error, raw) => {
        if (isTooLate) return error ? undefined : raw.release()
        if (error)
          return settle(isQueueFull(error) ? overloaded('Too many wait for a connection.') : translateError(error))
        const querier = createQuerier(raw, { timeoutMs: options.queryTimeoutMs, metrics })
        const handOver = () => (isTooLate ? raw.release() : settle(null, guardConnection(raw, querier, metrics)))
        if (prepared.has(raw)) return handOver()
        prepare(querier, (failure) => {
          if (failure) {
            raw.destroy()
            if (!isTooLate) settle(failure)
            return
          }
          prepared.add(raw)
          handOver()
        })
      })
    },

    end: (done) => pool.end((error) => done(error)),
  }
  return guarded
}

function guardConnection(raw: PoolConnection, querier: Querier, metrics: QueryMetrics): MysqlPoolConnection {
  let isHeld = true
  metrics.busy(1)
  const letGo = () => {
    if (isHeld) metrics.busy(-1)
    isHeld = false
  }

  return {
    config: raw.config,
    threadId: raw.threadId,
    connect: (done) => raw.connect((error) => done?.(error)),
    query(sql, parameters, done) {
      // kysely streams by leaving out the callback.
      if (done === undefined) return raw.query(sql, parameters)
      querier.query(sql, parameters, (error, result) => done(error, result as MysqlQueryResult))
      return { stream: noStream }
    },
    release() {
      letGo()
      raw.release()
    },
    destroy() {
      letGo()
      querier.breakOff(new AppError('UNAVAILABLE', { message: 'The connection was cut.' }))
    },
  }
}

function prepare(querier: Querier, done: (error: Error | null) => void): void {
  let left = sessionStatements.length
  let failure: Error | null = null
  for (const statement of sessionStatements) {
    querier.query(statement, [], (error) => {
      failure ??= error
      left -= 1
      if (left === 0) done(failure)
    })
  }
}

function overloaded(message: string): AppError {
  return new AppError('OVERLOADED', { message })
}

/** mysql2 gives this one no code. */
function isQueueFull(error: Error): boolean {
  return error.message === 'Queue limit reached.'
}

function noStream(): never {
  throw new Error('A query with a callback has no stream.')
}
