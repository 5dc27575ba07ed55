import { AppError } from '#infra/errors/index.ts'
import { parseJson } from '../json.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The JSON of a request body. Throws INVALID_UTF8 or INVALID_ARGUMENT. */
export function parseJsonBody(body: Uint8Array): unknown {
  return parseJson(decode(body))
}

function decode(body: Uint8Array): string {
  try {
    return utf8.decode(body)
  } catch (error) {
    throw new AppError('INVALID_UTF8', { cause: error })
  }
}
