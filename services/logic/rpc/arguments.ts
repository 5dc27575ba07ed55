import { AppError } from '#infra/errors/index.ts'
import { limits } from '#proto/frames/index.ts'
import { isId } from '../pipeline/validate.ts'

/** Any Unicode but control characters; compared byte by byte, so nothing is trimmed or folded. */
const controlCharacters = /\p{Cc}/u
const clientIdPattern = /^[A-Za-z0-9_.:-]{1,64}$/

export function requireName(field: string, name: string): string {
  requireLength(field, name, 1, limits.maxNameLength)
  if (!name.isWellFormed() || controlCharacters.test(name)) throw invalid(field)
  return name
}

export function requireId(field: string, id: string): string {
  if (!isId(id)) throw invalid(field)
  return id
}

export function requireIds(field: string, ids: readonly string[], max: number): void {
  if (ids.length > max) throw invalid(field)
  for (const id of ids) requireId(field, id)
}

export function requireClientId(field: string, id: string): string {
  if (!clientIdPattern.test(id)) throw invalid(field)
  return id
}

/** Counted in code points, as the gateway's schemas and the database do. */
export function requireLength(field: string, text: string, min: number, max: number): string {
  const length = text.length > 2 * max ? Infinity : Array.from(text).length
  if (length < min || length > max) throw invalid(field)
  return text
}

/** What was asked for, at most the maximum; 0 asks for the maximum. */
export function pageSize(asked: number, max: number): number {
  return asked === 0 ? max : Math.min(asked, max)
}

function invalid(field: string): AppError {
  return new AppError('INVALID_ARGUMENT', { details: { field } })
}
