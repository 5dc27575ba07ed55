import { setTimeout as delay } from 'node:timers/promises'

import { createConnection, type Connection, type ConnectionOptions, type QueryValues } from 'mysql2'

import { AppError } from '#infra/errors/index.ts'
import type { Logger } from '#infra/logger/index.ts'

import { createQuerier } from './querier.ts'
import type { QueryMetrics } from './query-metrics.ts'
import { sessionStatements } from './settings.ts'

/** mysql2's answer: rows, or a header with affectedRows; an array of these when the text had several statements. */
export type SqlResult = unknown

/**
 * One physical connection. A transaction that is sent in several packets must stay on the session it began on: after a loss
 * every further query of the session fails, so that the second half can never run, and commit, alone on a new connection.
 */
export interface HotSession {
  readonly isOpen: boolean
  /** Sends one text, possibly of several statements, in one packet. `done` is called exactly once, with translated errors. */
  query(sql: string, values: QueryValues, done: (error: Error | null, result: SqlResult) => void): void
}

/** The connection of the message path: callbacks (no promise, no stack capture), several statements per packet, re-made when lost. */
export interface HotConnection extends AsyncDisposable {
  /** The live session. Throws UNAVAILABLE while there is none. */
  session(): HotSession
  /** Resolves with the session as soon as there is one. Throws UNAVAILABLE after `timeoutMs`. */
  ready(timeoutMs: number): Promise<HotSession>
}

export interface HotConnectionOptions {
  readonly connection: ConnectionOptions
  readonly queryTimeoutMs: number
  readonly log: Logger
  readonly metrics: QueryMetrics
  /** For tests. */
  readonly connect?: (options: ConnectionOptions) => Connection
}

export function openHotConnection(options: HotConnectionOptions): HotConnection {
  const { log, connect = createConnection } = options
  const closing = new AbortController()
  let current: OpenSession | undefined
  let arrival = Promise.withResolvers<HotSession>()
  const loop = keepConnected()

  return {
    session() {
      if (!current?.isOpen) throw unavailable()
      return current
    },
    async ready(timeoutMs) {
      if (current?.isOpen) return current
      const waiting = new AbortController()
      const tooLate = delay(timeoutMs, undefined, { signal: AbortSignal.any([waiting.signal, closing.signal]) })
      try {
        return await Promise.race([arrival.promise, tooLate.then(throwUnavailable, throwUnavailable)])
      } finally {
        waiting.abort()
      }
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      current?.close()
      await loop
    },
  }

  async function keepConnected(): Promise<void> {
    for (let failures = 0; !closing.signal.aborted;) {
      const session = openSession(connect({ ...options.connection, multipleStatements: true }), options)
      const stop = () => session.close()
      closing.signal.addEventListener('abort', stop, { once: true })
      try {
        await session.prepared
        failures = 0
        current = session
        arrival.resolve(session)
        log.info('hot connection to MySQL is up')
        await session.closed
        arrival = Promise.withResolvers()
        current = undefined
        if (!closing.signal.aborted) log.warn('hot connection to MySQL was lost')
      } catch (error) {
        session.close()
        if (!closing.signal.aborted) options.metrics.connectionFailed()
        if (failures % 20 === 0) log.warn({ err: error }, 'hot connection to MySQL cannot be made; trying again')
        failures += 1
        await delay(Math.min(50 * 2 ** failures, 1_000), undefined, { signal: closing.signal }).catch(() => undefined)
      } finally {
        closing.signal.removeEventListener('abort', stop)
      }
    }
  }
}

interface OpenSession extends HotSession {
  /** Settles when the session settings are applied, or cannot be. */
  readonly prepared: Promise<void>
  readonly closed: Promise<void>
  close(): void
}

function openSession(connection: Connection, { queryTimeoutMs, metrics }: HotConnectionOptions): OpenSession {
  const closed = Promise.withResolvers<void>()
  const prepared = Promise.withResolvers<void>()
  let isOpen = true
  const onBroken = () => {
    isOpen = false
    closed.resolve()
  }
  const querier = createQuerier(connection, { timeoutMs: queryTimeoutMs, metrics, onBroken })
  connection.on('error', querier.breakOff)
  connection.on('end', () => querier.breakOff(unavailable()))
  querier.query(sessionStatements.join('; '), [], (error) => (error ? prepared.reject(error) : prepared.resolve()))

  return {
    get isOpen() {
      return isOpen
    },
    query(sql, values, done) {
      if (isOpen) querier.query(sql, values, done)
      else done(unavailable(), undefined)
    },
    prepared: prepared.promise,
    closed: closed.promise,
    close: () => querier.breakOff(unavailable()),
  }
}

function unavailable(): AppError {
  return new AppError('UNAVAILABLE', { message: 'There is no connection to MySQL right now.' })
}

function throwUnavailable(): never {
  throw unavailable()
}
