import secureJson from 'secure-json-parse'
import { AppError } from '#infra/errors/index.ts'

const maxDepth = 32

/**
 * What a client wrote, as a value that can be stored and given back. Throws INVALID_ARGUMENT for what is no JSON, would poison
 * a prototype, nests deeper than 32 (JSON.stringify overflows the stack on what JSON.parse still takes) or holds a number
 * that JSON cannot give back (1e400).
 */
export function parseJson(text: string): unknown {
  const value = parse(text)
  check(value, 1)
  return value
}

function parse(text: string): unknown {
  try {
    return secureJson.parse(text, { protoAction: 'error', constructorAction: 'error' })
  } catch {
    // Without its cause: the parser's message quotes the text.
    throw refuse('is not JSON that can be taken')
  }
}

function check(value: unknown, depth: number): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw refuse('holds a number out of range')
  if (typeof value !== 'object' || value === null) return
  if (depth > maxDepth) throw refuse(`nests deeper than ${maxDepth}`)
  for (const item of Object.values(value)) check(item, depth + 1)
}

function refuse(problem: string): AppError {
  return new AppError('INVALID_ARGUMENT', { details: { in: 'body', fields: { '': problem } } })
}
