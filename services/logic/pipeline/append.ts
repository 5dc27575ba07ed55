/**
 * Station 9 of the message path. Before: services/logic/authorize.ts. After: services/repo/append/appender.ts.
 * One request at a time goes to the repo, and goes again until its outcome is known.
 */
import { backoff, sleep } from '#infra/lifecycle/index.ts'
import { AppError, toAppError } from '#infra/errors/index.ts'
import { createLogThrottle, type Logger } from '#infra/logger/index.ts'
import type { AppendStreamRequest, AppendStreamResponse } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'

/** One side of the stream to repo; infra/rpc's Duplex is one. */
export interface AppendStream {
  write(request: AppendStreamRequest): boolean
  onMessage(listener: (response: AppendStreamResponse) => void): void
  onEnd(listener: (error?: AppError) => void): void
  end(): void
  fail(error: AppError): void
}

export type AppendResult = Exclude<AppendStreamResponse['result'], { case: 'unavailable' | undefined }>

export interface Appender extends AsyncDisposable {
  /**
   * One at a time. The answer to this very request, however long repo is away: after a broken stream, a timeout or an
   * Unavailable nobody knows what happened, so the same request goes again before any other, and the offsets in it tell.
   * Rejects only when the signal aborts.
   */
  append(request: AppendStreamRequest): Promise<AppendResult>
}

export interface AppenderOptions {
  open(): AppendStream
  readonly log: Logger
  readonly signal: AbortSignal
  /** For one attempt. Default 10 000. */
  readonly timeoutMs?: number
  readonly minBackoffMs?: number
  readonly maxBackoffMs?: number
}

export function createAppender(options: AppenderOptions): Appender {
  const { log, signal, timeoutMs = 10_000, minBackoffMs = 50, maxBackoffMs = 2000 } = options
  const shouldLog = createLogThrottle(10_000)
  let stream: AppendStream | undefined
  let lastRequestId = 0
  let waiting: { id: number; resolve(response: AppendStreamResponse): void; reject(error: AppError): void } | undefined

  function openStream(): AppendStream {
    const opened = options.open()
    opened.onMessage((response) => {
      // An answer to an attempt that was given up; the one to its repetition will come.
      if (opened === stream && response.requestId === waiting?.id) waiting.resolve(response)
    })
    opened.onEnd((error) => {
      if (opened !== stream) return
      stream = undefined
      waiting?.reject(error ?? new AppError('UNAVAILABLE', { message: 'repo ended the append stream.' }))
    })
    return opened
  }

  async function attempt(request: AppendStreamRequest): Promise<AppendStreamResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<AppendStreamResponse>()
    lastRequestId = (lastRequestId % 0xffff_ffff) + 1
    request.requestId = lastRequestId
    waiting = { id: lastRequestId, resolve, reject }
    const giveUp = (error: AppError) => {
      reject(error)
      const broken = stream
      stream = undefined
      broken?.fail(error)
    }
    const timer = setTimeout(() => giveUp(new AppError('DEADLINE_EXCEEDED')), timeoutMs)
    const abort = () => giveUp(new AppError('UNAVAILABLE', { message: 'Stopping.' }))
    signal.addEventListener('abort', abort, { once: true })
    try {
      stream ??= openStream()
      stream.write(request)
      return await promise
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      waiting = undefined
    }
  }

  return {
    async append(request) {
      for (const delayMs of backoff({ minMs: minBackoffMs, maxMs: maxBackoffMs })) {
        signal.throwIfAborted()
        try {
          const { result } = await attempt(request)
          if (result.case !== 'unavailable' && result.case !== undefined) return result
          throw new AppError('UNAVAILABLE', {
            message: `repo: ${result.value?.reason ?? 'an answer without a result'}`,
          })
        } catch (error) {
          const passedOver = shouldLog()
          if (passedOver !== undefined && !signal.aborted) {
            log.warn({ err: toAppError(error), passedOver }, 'append without an answer: sending it again')
          }
        }
        await sleep(delayMs, signal)
      }
      throw new Error('unreachable: the backoff is endless')
    },
    async [Symbol.asyncDispose]() {
      const last = stream
      stream = undefined
      last?.end()
    },
  }
}
