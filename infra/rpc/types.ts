import type {
  DescMessage,
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf'

import type { AppError } from '#infra/errors/index.ts'

/** What a handler learns of its call. */
export interface CallContext {
  /** When the caller gives up. Unary calls have one always; streams none. */
  readonly deadline: Date | undefined
  /** Aborted when the caller gave up, hung up or the deadline passed: nobody waits for the result. */
  readonly signal: AbortSignal
  /** Aborted when the server begins to drain: a long-lived stream should end itself when it is at a good point. */
  readonly draining: AbortSignal
  readonly metadata: { get(name: string): string | undefined }
}

/**
 * One side of a stream both ways, made for many messages: callbacks, no promise per message. Attach both listeners before
 * returning to the event loop.
 */
export interface Duplex<In extends DescMessage, Out extends DescMessage> {
  /** False when the other side reads slowly: slow down. A thousand unread messages end the stream with OVERLOADED. */
  write(message: MessageInitShape<Out>): boolean
  onMessage(listener: (message: MessageShape<In>) => void): void
  /** Called once. Without an error the other side has said all; with one the stream is broken and what is unanswered stays unknown. */
  onEnd(listener: (error?: AppError) => void): void
  /** Says that nothing more will be written. */
  end(): void
  /** Breaks the stream off; the other side sees the error. */
  fail(error: AppError): void
}

/** One function per method of the service. Throw AppError; anything else becomes INTERNAL and is logged. */
export type Handlers<S extends DescService> = { readonly [Name in keyof S['method']]: Handler<S['method'][Name]> }

type Handler<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, context: CallContext) => Promise<MessageInitShape<O>>
    : M extends DescMethodBiDiStreaming<infer I, infer O>
      ? (stream: Duplex<I, O>, context: CallContext) => void
      : never

/** After disposing new calls fail; calls under way may finish. */
export type Client<S extends DescService> = AsyncDisposable & {
  readonly [Name in keyof S['method']]: ClientMethod<S['method'][Name]>
}

type ClientMethod<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
    : M extends DescMethodBiDiStreaming<infer I, infer O>
      ? (options?: StreamOptions) => Duplex<O, I>
      : never

export interface CallOptions {
  /** For the whole call, repetitions included. Default: the client's. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** How often it may be repeated when UNAVAILABLE, OVERLOADED or DRAINING. Default: the client's. 0 for what must not happen twice. */
  readonly retries?: number
  readonly metadata?: Readonly<Record<string, string>>
}

export interface StreamOptions {
  readonly signal?: AbortSignal
  readonly metadata?: Readonly<Record<string, string>>
}

/** Unread messages of one stream, after which it is ended with OVERLOADED. */
export const maxUnreadMessages = 1_000
/** Bytes of one message, either way. */
export const maxMessageBytes = 8 * 1024 * 1024
