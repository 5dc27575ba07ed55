import { AppError, toAppError } from '#infra/errors/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import type { HotConnection } from '#infra/mysql/index.ts'
import type { CallContext, Duplex } from '#infra/rpc/index.ts'
import type {
  AppendStreamRequest,
  AppendStreamRequestSchema,
  AppendStreamResponseSchema,
} from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { append } from './appender.ts'
import type { Plan } from './plan.ts'

export interface AppendStreamsOptions {
  /** Each stream has a connection of its own, so that the batches of several callers run side by side. */
  readonly openConnection: () => HotConnection
  readonly onWritten: (plan: Plan) => void
  readonly log: Logger
  readonly metrics: Metrics
}

type AppendStream = Duplex<typeof AppendStreamRequestSchema, typeof AppendStreamResponseSchema>

/** Serves the streams: requests of one are answered in order, one transaction at a time. */
export function createAppendStreams({ openConnection, onWritten, log, metrics }: AppendStreamsOptions) {
  const seconds = metrics.histogram('gochat_repo_append_seconds', 'Time from an append request to its answer.')
  const results = metrics.counter('gochat_repo_appends_total', 'Append requests, by how they ended.', ['result'])
  const entries = metrics.counter('gochat_repo_appended_entries_total', 'Entries that append requests have written.')
  let openStreams = 0

  return function serve(stream: AppendStream, { draining }: CallContext): void {
    if (openStreams >= maxStreams) return stream.fail(new AppError('OVERLOADED', { message: 'Too many streams.' }))
    openStreams += 1
    const hot = openConnection()
    let waiting = 0
    let isOver = false
    let last: Promise<void> = Promise.resolve()

    const close = () => {
      if (isOver) return
      isOver = true
      draining.removeEventListener('abort', close)
      // Not before the transaction under way has its answer.
      last = last.then(async () => {
        stream.end()
        openStreams -= 1
        await hot[Symbol.asyncDispose]()
      })
      last.catch((error: unknown) => log.error({ err: error }, 'append stream: its connection did not close'))
    }
    stream.onMessage((request) => {
      if (isOver) return
      waiting += 1
      if (waiting > maxWaiting) {
        stream.fail(new AppError('OVERLOADED', { message: 'Too many requests without an answer.' }))
        return close()
      }
      last = last.then(() => answer(request))
    })
    stream.onEnd(close)
    if (draining.aborted) close()
    else draining.addEventListener('abort', close, { once: true })

    async function answer(request: AppendStreamRequest): Promise<void> {
      const startedAt = performance.now()
      try {
        const result = await append(request, { hot, onWritten, log })
        seconds.observe((performance.now() - startedAt) / 1000)
        results.inc({ result: result.case ?? 'none' })
        if (result.case === 'applied') entries.inc(countEntries(request))
        stream.write({ requestId: request.requestId, result })
      } catch (error) {
        stream.fail(toAppError(error))
        close()
      } finally {
        waiting -= 1
      }
    }
  }
}

const maxStreams = 64
/** A caller has one request in flight; a few more are no harm. */
const maxWaiting = 8

function countEntries({ conversations }: AppendStreamRequest): number {
  let count = 0
  for (const conversation of conversations) count += conversation.entries.length
  return count
}
