import type { ErrorBody } from '../../proto/frames/index.ts'

/** What went wrong, by the server's own name, and whether the same thing may succeed later. */
export class ChatError extends Error {
  override readonly name = 'ChatError'
  readonly code: string
  readonly retryable: boolean
  readonly retryAfterMs: number | undefined
  readonly details: Record<string, unknown> | undefined

  constructor(body: ErrorBody) {
    super(body.message)
    this.code = body.code
    this.retryable = body.retryable
    this.retryAfterMs = body.retryAfterMs
    this.details = body.details
  }
}

/** The client was closed, or gave up, before an answer came. */
export function closedError(): ChatError {
  return new ChatError({ code: 'CLIENT_CLOSED', message: 'The client was closed.', retryable: false })
}

export function timeoutError(): ChatError {
  return new ChatError({ code: 'REQUEST_TIMEOUT', message: 'No answer in time.', retryable: true })
}
