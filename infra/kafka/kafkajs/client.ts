import kafkajs, { type Kafka } from 'kafkajs'
import type { Logger } from '../../logger/index.ts'
import { kafkajsLog } from './log.ts'

export interface ClientOptions {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly log: Logger
}

export interface Patience {
  readonly requestTimeoutMs: number
  /** To connect and to read metadata, with delays of 50 ms to 2 s: 4 take 0.8 s, 20 take 36 s, unless addresses do not answer at all. */
  readonly retries: number
}

/**
 * A client of its own for every producer, consumer and the admin: clients made by one Kafka object share a cache of
 * committed offsets by group, and a second member of the same group in it would corrupt the first one's positions.
 */
export function createClient({ brokers, clientId, log }: ClientOptions, patience: Patience): Kafka {
  return new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: 3000,
    requestTimeout: patience.requestTimeoutMs,
    enforceRequestTimeout: true,
    retry: { initialRetryTime: 50, maxRetryTime: 2000, factor: 0.2, multiplier: 2, retries: patience.retries },
    logLevel: log.isLevelEnabled('debug') ? kafkajs.logLevel.INFO : kafkajs.logLevel.WARN,
    logCreator: kafkajsLog(log),
  })
}
