import { Compile } from 'typebox/compile'
import { AppError } from '#infra/errors/index.ts'
import { clientFrames, type ClientFrame } from '#proto/frames/index.ts'
import { parseJson } from '../json.ts'
import { wrongField } from './wrong-field.ts'

/** What a text message turned out to be: a frame, or the error that refuses it, with its id where it had one. */
export type Parsed = { readonly frame: ClientFrame } | { readonly error: AppError; readonly id: string | undefined }

export type FrameParser = (text: string) => Parsed

/** Nothing behind it checks a field again. */
export function createFrameParser(): FrameParser {
  const validators = new Map(Object.entries(clientFrames).map(([type, schema]) => [type, Compile(schema)] as const))

  return (text) => {
    const value = parseObject(text)
    if (value === undefined) return { error: new AppError('INVALID_FRAME'), id: undefined }
    const id = idOf(value)
    const validator = typeof value['t'] === 'string' ? validators.get(value['t']) : undefined
    if (validator === undefined) return { error: new AppError('INVALID_FRAME', { details: { field: '/t' } }), id }
    if (!validator.Check(value)) {
      const field = wrongField(validator.Errors(value), value)
      return { error: new AppError('INVALID_ARGUMENT', { details: { field } }), id }
    }
    // Half a surrogate pair has no UTF-8: the answer would carry another id than the client chose.
    if (typeof value['id'] === 'string' && id === undefined) {
      return { error: new AppError('INVALID_ARGUMENT', { details: { field: '/id' } }), id }
    }
    return { frame: value as unknown as ClientFrame }
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value = parseJson(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function idOf(value: Record<string, unknown>): string | undefined {
  const { id } = value
  return typeof id === 'string' && id.length <= maxIdLength && id.isWellFormed() ? id : undefined
}

const maxIdLength = 64
