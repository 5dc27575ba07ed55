import { AppError, type ErrorCode } from '../../errors/index.ts'

const fencing = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'FENCED_INSTANCE_ID'])
const tooLarge = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])

/**
 * kafkajs's error as one of ours. Worth another try unless the broker said otherwise: kafkajs turns passing trouble into
 * all kinds of errors, a TypeError over missing metadata among them.
 */
export function toBusError(error: unknown, message: string): AppError {
  if (error instanceof AppError) return error
  return new AppError(codeOf(typeOf(error)), { message, cause: error })
}

function codeOf(type: unknown): ErrorCode {
  if (tooLarge.has(String(type))) return 'PAYLOAD_TOO_LARGE'
  return fencing.has(String(type)) ? 'FENCED' : 'UNAVAILABLE'
}

/** kafkajs wraps: the type of the broker's answer is at the end of the chain of causes. */
function typeOf(error: unknown): unknown {
  let root = error as { type?: unknown; cause?: unknown }
  while (root.type === undefined && typeof root.cause === 'object' && root.cause !== null) root = root.cause
  return root.type
}
