import { AppError } from '#infra/errors/index.ts'
import type { Answer, NewCommand, Requests, Upstream } from './ports.ts'

/** REST requests that wait for the result of their command. The answer comes back through downstream.ts. */
export interface PendingRequests extends Requests, Disposable {
  /** An answer arrived. One that nobody waits for (any more) is dropped. */
  resolve(request: string, answer: Answer): void
}

/** More than this and the gateway is not keeping up: better to say so at once. */
const maxPending = 10_000

export function createRequests(upstream: Upstream): PendingRequests {
  const pending = new Map<string, PromiseWithResolvers<Answer>>()
  let last = 0

  return {
    async submit(command: NewCommand, timeoutMs: number, signal?: AbortSignal) {
      if (pending.size >= maxPending) throw new AppError('OVERLOADED')
      if (signal?.aborted === true) throw new AppError('DEADLINE_EXCEEDED')
      last += 1
      const request = String(last)
      const waiter = Promise.withResolvers<Answer>()
      pending.set(request, waiter)
      const timer = setTimeout(() => waiter.reject(new AppError('ACK_TIMEOUT')), timeoutMs)
      const abort = () => waiter.reject(new AppError('DEADLINE_EXCEEDED'))
      signal?.addEventListener('abort', abort)
      try {
        if (!upstream.submit([command], { connection: 0, request })) throw new AppError('OVERLOADED')
        return await waiter.promise
      } finally {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
        pending.delete(request)
      }
    },
    resolve(request, answer) {
      pending.get(request)?.resolve(answer)
    },
    [Symbol.dispose]() {
      for (const { reject } of pending.values()) reject(new AppError('DRAINING'))
    },
  }
}
