import type { ClientFrame, ServerFrame } from '../../proto/frames/index.ts'
import { ChatError, timeoutError } from './errors.ts'

type Question = Extract<ClientFrame, { t: 'sync' | 'history' }>
type Unnumbered<T> = T extends Question ? Omit<T, 'id'> : never
type Answer = Extract<ServerFrame, { t: 'synced' | 'page' }>

export interface Requests {
  /** Sends a frame that has an answer, and waits for it. Fails with a retryable ChatError when it does not come. */
  ask<T extends Answer['t']>(frame: Unnumbered<Question>, answer: T): Promise<Extract<Answer, { t: T }>>
  /** True when the frame answered a question. */
  accept(frame: ServerFrame): boolean
  /** The connection is gone: nobody will answer. */
  failAll(error: ChatError): void
}

export function createRequests(send: (frame: ClientFrame) => boolean, timeoutMs: number): Requests {
  const waiting = new Map<
    string,
    { resolve: (frame: never) => void; reject: (error: ChatError) => void; answer: string }
  >()
  let lastId = 0
  return {
    ask(frame, answer) {
      const id = `q${++lastId}`
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => settle()?.reject(timeoutError()), timeoutMs)
        const settle = () => {
          clearTimeout(timer)
          const waiter = waiting.get(id)
          waiting.delete(id)
          return waiter
        }
        waiting.set(id, {
          answer,
          resolve: (frame) => {
            settle()
            resolve(frame)
          },
          reject: (error) => {
            settle()
            reject(error)
          },
        })
        if (!send({ ...frame, id })) waiting.get(id)?.reject(timeoutError())
      })
    },
    accept(frame) {
      if (frame.t !== 'synced' && frame.t !== 'page' && frame.t !== 'error') return false
      const waiter = frame.id === undefined ? undefined : waiting.get(frame.id)
      if (waiter === undefined) return false
      if (frame.t === 'error') waiter.reject(new ChatError(frame.error))
      else if (frame.t === waiter.answer) waiter.resolve(frame as never)
      return true
    },
    failAll(error) {
      for (const waiter of waiting.values()) waiter.reject(error)
    },
  }
}
