import type { DescMessage, DescMethod, DescService, Message } from '@bufbuild/protobuf'

import { AppError, toAppError } from '#infra/errors/index.ts'
import { withTimeout } from '#infra/lifecycle/index.ts'
import { decode, encode } from '#infra/protobuf/index.ts'

import { createContext } from './context.ts'
import { wrapStream, type RawStream } from './duplex.ts'
import { service, type AnyDuplex, type AnyDuplexHandler, type AnyUnaryHandler } from './service.ts'
import { fromStatus, toStatus } from './status.ts'
import type { CallOptions, Client, Handlers, StreamOptions } from './types.ts'

/**
 * The same client without sockets, for roles that share a process, and for tests. Messages become bytes and back and errors
 * pass through their wire form, so that nothing works here that would not over the network. No retries, no metrics.
 */
export function connectInMemory<S extends DescService>(descriptor: S, handlers: Handlers<S>): Client<S> {
  const { handlers: byName } = service(descriptor, handlers)
  const closing = new AbortController()
  const methods: Record<string | symbol, unknown> = {
    [Symbol.asyncDispose]: async () => closing.abort(),
  }
  for (const method of descriptor.methods) {
    const handler = byName[method.localName]
    methods[method.localName] =
      method.methodKind === 'unary'
        ? unaryCaller(method, handler as AnyUnaryHandler, closing.signal)
        : duplexCaller(method, handler as AnyDuplexHandler, closing.signal)
  }
  return methods as Client<S>
}

function unaryCaller(method: DescMethod, handler: AnyUnaryHandler, draining: AbortSignal) {
  return async (init: object, { timeoutMs = 3_000, signal, metadata = {} }: CallOptions = {}): Promise<object> => {
    if (draining.aborted) throw new AppError('UNAVAILABLE', { message: 'The client is closed.' })
    const deadline = new Date(Date.now() + timeoutMs)
    const { context, abort } = createContext(deadline, draining, { get: (name) => metadata[name] })
    const request = overTheWire(method.input, init)
    const cancelled = Promise.withResolvers<never>()
    const cancel = () => cancelled.reject(new AppError('DEADLINE_EXCEEDED', { cause: signal?.reason }))
    if (signal?.aborted === true) cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      const work = Promise.resolve().then(() => handler(request, context))
      return overTheWire(method.output, await withTimeout(Promise.race([work, cancelled.promise]), timeoutMs))
    } catch (thrown) {
      const error = toAppError(thrown)
      if (error.code === 'DEADLINE_EXCEEDED') abort(error)
      throw fromStatus(toStatus(error))
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }
}

function duplexCaller(method: DescMethod, handler: AnyDuplexHandler, closing: AbortSignal) {
  return ({ signal, metadata = {} }: StreamOptions = {}): AnyDuplex => {
    const { context, abort } = createContext(undefined, closing, { get: (name) => metadata[name] })
    const toServer = createPipe(method.input)
    const toClient = createPipe(method.output)
    const client = wrapStream(join(toServer, toClient), {
      breakOff(error) {
        abort(error)
        queueMicrotask(() => server.closed(new AppError('UNAVAILABLE', { message: 'The caller is gone.' })))
      },
    })
    const server = wrapStream(join(toClient, toServer), {
      breakOff: (error) => queueMicrotask(() => client.closed(fromStatus(toStatus(error)))),
    })
    toServer.onEnd(() => server.ended())
    toClient.onEnd(() => client.closed())
    for (const given of [signal, closing]) {
      given?.addEventListener('abort', () => client.stream.fail(new AppError('UNAVAILABLE')), { once: true })
    }
    queueMicrotask(() => {
      try {
        handler(server.stream, context)
      } catch (thrown) {
        server.stream.fail(toAppError(thrown))
      }
    })
    return client.stream
  }
}

interface Pipe {
  write(message: object): void
  end(): void
  onData(listener: (message: Message) => void): void
  onEnd(listener: () => void): void
  readonly unread: number
}

/** One direction. Delivers in order, never inside of `write`. */
function createPipe(schema: DescMessage): Pipe {
  const queue: Message[] = []
  let onData: ((message: Message) => void) | undefined
  let onEnd: (() => void) | undefined
  let hasEnded = false
  let isScheduled = false

  function schedule(): void {
    if (isScheduled || onData === undefined) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      for (const message of queue.splice(0)) onData?.(message)
      if (hasEnded && queue.length === 0) onEnd?.()
    })
  }
  return {
    get unread() {
      return queue.length
    },
    write(message) {
      queue.push(overTheWire(schema, message))
      schedule()
    },
    end() {
      hasEnded = true
      schedule()
    },
    onData(listener) {
      onData = listener
      schedule()
    },
    onEnd(listener) {
      onEnd = listener
    },
  }
}

function join(out: Pipe, back: Pipe): RawStream {
  return {
    write(message) {
      out.write(message)
      return out.unread < 16
    },
    end: () => out.end(),
    get writableLength() {
      return out.unread
    },
    on: (_event, listener) => back.onData(listener),
  }
}

function overTheWire(schema: DescMessage, init: object): Message {
  return decode(schema, encode(schema, init as Message))
}
