import type { Message } from '@bufbuild/protobuf'

import { AppError, toAppError } from '#infra/errors/index.ts'

import type { AnyDuplex } from './service.ts'
import { maxUnreadMessages } from './types.ts'

/** What both sides of grpc-js have in common. */
export interface RawStream {
  write(message: object): boolean
  end(): void
  readonly writableLength: number
  on(event: 'data', listener: (message: Message) => void): unknown
}

export interface WrappedStream {
  readonly stream: AnyDuplex
  /** The other side will write nothing more; with an error, because the stream is broken. */
  ended(error?: AppError): void
  /** Both directions are over. */
  closed(error?: AppError): void
}

export interface WrapOptions {
  /** Tells the other side of an error. */
  readonly breakOff: (error: AppError) => void
  /** A listener threw: the stream is broken off, the process goes on. */
  readonly onThrown?: (error: AppError) => void
}

/** The part of a Duplex that is the same on both sides. */
export function wrapStream(raw: RawStream, { breakOff, onThrown }: WrapOptions): WrappedStream {
  let onEnd: ((error?: AppError) => void) | undefined
  let end: { error: AppError | undefined } | undefined
  let isWritable = true

  const ended = (error?: AppError) => {
    if (end !== undefined) return
    end = { error }
    if (onEnd !== undefined) guard(onEnd, error)
  }
  const guard = <T>(listener: (value: T) => void, value: T) => {
    try {
      listener(value)
    } catch (thrown) {
      const error = toAppError(thrown)
      onThrown?.(error)
      stream.fail(error)
    }
  }
  const closed = (error?: AppError) => {
    isWritable = false
    ended(error)
  }
  const stream: AnyDuplex = {
    write(message) {
      if (!isWritable) return false
      if (raw.writableLength >= maxUnreadMessages) {
        stream.fail(new AppError('OVERLOADED', { message: 'The other side of the stream does not read.' }))
        return false
      }
      return raw.write(message)
    },
    onMessage: (listener) => void raw.on('data', (message) => guard(listener, message)),
    onEnd(listener) {
      onEnd = listener
      if (end !== undefined) guard(listener, end.error)
    },
    end() {
      if (!isWritable) return
      isWritable = false
      raw.end()
    },
    fail(error) {
      if (!isWritable && end !== undefined) return
      breakOff(error)
      closed(error)
    },
  }
  return { stream, ended, closed }
}
