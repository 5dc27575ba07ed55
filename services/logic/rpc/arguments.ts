import { AppError } from '#infra/errors/index.ts'
import { limits } from '#proto/frames/index.ts'

/** Any Unicode but control characters; compared byte by byte, so nothing is trimmed or folded. */
const controlCharacters = /\p{Cc}/u
const idPattern = /^[1-9][0-9]{0,19}$/
const clientIdPattern = /^[A-Za-z0-9_.:-]{1,64}$/

export function requireName(field: string, name: string): string {
  const isGood = name.length > 0 && name.length <= limits.maxNameLength && name.isWellFormed()
  if (!isGood || controlCharacters.test(name)) throw invalid(field)
  return name
}

export function requireId(field: string, id: string): string {
  if (!idPattern.test(id)) throw invalid(field)
  return id
}

export function requireClientId(field: string, id: string): string {
  if (!clientIdPattern.test(id)) throw invalid(field)
  return id
}

export function requireLength(field: string, text: string, min: number, max: number): string {
  if (text.length < min || text.length > max) throw invalid(field)
  return text
}

/** What was asked for, at most the maximum; 0 asks for the maximum. */
export function pageSize(asked: number, max: number): number {
  return asked === 0 ? max : Math.min(asked, max)
}

function invalid(field: string): AppError {
  return new AppError('INVALID_ARGUMENT', { details: { field } })
}
