import type { DescMethod } from '@bufbuild/protobuf'
import { Metadata, type Client as GrpcClient, type ServiceError } from '@grpc/grpc-js'

import { AppError, toAppError } from '#infra/errors/index.ts'
import { backoff, sleep } from '#infra/lifecycle/index.ts'

import type { CallMetrics } from './call-metrics.ts'
import { methodDefinition } from './definition.ts'
import { fromStatus } from './status.ts'
import type { CallOptions } from './types.ts'

export interface UnaryDefaults {
  readonly timeoutMs: number
  readonly retries: number
}

export function unaryCaller(method: DescMethod, client: GrpcClient, metrics: CallMetrics, defaults: UnaryDefaults) {
  const definition = methodDefinition(method)

  return async (request: object, options: CallOptions = {}): Promise<object> => {
    const metadata = metadataOf(options.metadata)
    const startedAt = performance.now()
    const deadline = new Date(Date.now() + (options.timeoutMs ?? defaults.timeoutMs))
    let retriesLeft = options.retries ?? defaults.retries
    for (const delayMs of backoff({ minMs: 25, maxMs: 400 })) {
      try {
        const response = await attempt(request, metadata, deadline, options.signal)
        metrics.observe(method, startedAt, 'OK')
        return response
      } catch (thrown) {
        const error = toAppError(thrown)
        const isWorthIt = isRefused(error) && retriesLeft > 0 && Date.now() + delayMs < deadline.getTime()
        if (!isWorthIt) {
          metrics.observe(method, startedAt, error.code)
          throw error
        }
        retriesLeft -= 1
        metrics.retried(method)
        await sleep(delayMs, options.signal).catch(throwAborted)
      }
    }
    throw new AppError('INTERNAL')
  }

  function attempt(request: object, metadata: Metadata, deadline: Date, signal?: AbortSignal): Promise<object> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(aborted(signal))
      const cancel = () => call.cancel()
      const done = (error: ServiceError | null, response?: object) => {
        signal?.removeEventListener('abort', cancel)
        if (error === null) resolve(response ?? {})
        else reject(signal?.aborted === true ? aborted(signal) : fromStatus(error))
      }
      const { path, requestSerialize, responseDeserialize } = definition
      const call = client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        { deadline },
        done,
      )
      signal?.addEventListener('abort', cancel, { once: true })
    })
  }
}

/** The call was turned away, or the connection broke: another host, or the same in a moment, may do it. */
function isRefused({ code }: AppError): boolean {
  return code === 'UNAVAILABLE' || code === 'OVERLOADED' || code === 'DRAINING'
}

function aborted(signal: AbortSignal): AppError {
  return signal.reason instanceof AppError ? signal.reason : new AppError('DEADLINE_EXCEEDED', { cause: signal.reason })
}

function throwAborted(error: unknown): never {
  throw toAppError(error)
}

export function metadataOf(entries: Readonly<Record<string, string>> = {}): Metadata {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(entries)) metadata.set(name, value)
  return metadata
}
