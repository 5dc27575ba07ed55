import type { Connection, QueryError, QueryValues } from 'mysql2'

import { AppError } from '#infra/errors/index.ts'

import { isConnectionBroken, translateError } from './errors.ts'
import type { QueryMetrics } from './query-metrics.ts'

export type QueryDone = (error: Error | null, result: unknown) => void

/** Queries on one connection, each answered exactly once and in time. */
export interface Querier {
  query(sql: string, values: QueryValues, done: QueryDone): void
  /** Throws the connection away; what still waits for an answer fails with `cause`. */
  breakOff(cause: Error): void
}

export interface QuerierOptions {
  /** Longest wait for the answer to one query. Then: DEADLINE_EXCEEDED, and the connection is thrown away. */
  readonly timeoutMs: number
  readonly metrics: QueryMetrics
  /** Called once, before the queries that still wait are failed. */
  readonly onBroken?: () => void
}

/**
 * mysql2 alone does not answer every query in time: after its own timeout it goes on reading, so that the next query takes this
 * one's place in the line, and a destroyed connection forgets the callbacks of what was queued on it.
 */
export function createQuerier(connection: Connection, { timeoutMs, metrics, onBroken }: QuerierOptions): Querier {
  const pending = new Set<(error: Error) => void>()
  let brokenBy: Error | undefined

  const querier: Querier = {
    query(sql, values, done) {
      if (brokenBy !== undefined) return done(translateError(brokenBy), undefined)
      const startedAt = performance.now()
      const timer = setTimeout(() => querier.breakOff(tooLate()), timeoutMs)
      const settle = (error: Error | null, result?: unknown) => {
        if (!pending.delete(fail)) return
        clearTimeout(timer)
        metrics.observe(startedAt, error)
        done(error === null ? null : translateError(error), result)
      }
      const fail = (error: Error) => settle(error)
      pending.add(fail)
      connection.query({ sql, values }, (error: QueryError | null, result: unknown) => {
        if (error !== null && isConnectionBroken(error)) querier.breakOff(error)
        settle(error, result)
      })
    },
    breakOff(cause) {
      if (brokenBy !== undefined) return
      brokenBy = cause
      connection.destroy()
      onBroken?.()
      for (const fail of pending) fail(cause)
    },
  }
  return querier
}

function tooLate(): AppError {
  return new AppError('DEADLINE_EXCEEDED', { message: 'MySQL did not answer in time.' })
}
