import { Kysely, MysqlDialect, sql, type Transaction } from 'kysely'
import { createPool } from 'mysql2'

import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'

import { guardPool } from './guarded-pool.ts'
import { openHotConnection, type HotConnection } from './hot-connection.ts'
import { createQueryMetrics } from './query-metrics.ts'
import { connectionOptions } from './settings.ts'
import { runTransaction, type TransactionOptions } from './transaction.ts'

export interface MysqlOptions {
  /** mysql://user:password@host:port/database */
  readonly url: string
  /** Connections of the pool; hot connections come on top. Default 10. */
  readonly poolSize?: number
  /** Callers that may wait for a connection; more get OVERLOADED at once. Default 1 000. */
  readonly maxWaiting?: number
  /** Default 5 000. */
  readonly acquireTimeoutMs?: number
  /** Default 5 000. */
  readonly queryTimeoutMs?: number
  readonly log: Logger
  readonly metrics: Metrics
}

export interface Mysql<DB> extends AsyncDisposable {
  /** Queries outside of a transaction. Each takes a connection for its duration. */
  readonly db: Kysely<DB>
  /** See `runTransaction`: bounded, READ COMMITTED, repeated after a deadlock. */
  transaction<T>(work: (tx: Transaction<DB>) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** A new connection beside the pool, for the append path. The caller disposes it. */
  hotConnection(): HotConnection
  /** Throws unless the server answers. */
  ping(): Promise<void>
}

/** Connects on first use. Disposing ends the pool's connections after their current query. */
export function createMysql<DB>(options: MysqlOptions): Mysql<DB> {
  const {
    url,
    log,
    metrics,
    poolSize = 10,
    maxWaiting = 1_000,
    acquireTimeoutMs = 5_000,
    queryTimeoutMs = 5_000,
  } = options
  const connection = connectionOptions(url)
  const pool = createPool({ ...connection, connectionLimit: poolSize, maxIdle: poolSize, queueLimit: maxWaiting })
  metrics.gauge('gochat_mysql_pool_limit', 'Connections that the pool may open').set(poolSize)
  const guarded = guardPool(pool, createQueryMetrics(metrics, 'pool'), { acquireTimeoutMs, queryTimeoutMs })
  const db = new Kysely<DB>({ dialect: new MysqlDialect({ pool: guarded }) })

  return {
    db,
    transaction: (work, transactionOptions) => runTransaction(guarded, work, log, transactionOptions),
    hotConnection: () =>
      openHotConnection({ connection, queryTimeoutMs, log, metrics: createQueryMetrics(metrics, 'hot') }),
    async ping() {
      await sql`SELECT 1`.execute(db)
    },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => pool.end(() => resolve()))
    },
  }
}
