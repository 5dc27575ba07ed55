import { AppError } from '#infra/errors/index.ts'

/** What comes in is checked here, once; behind it every value is of the right form. All throw INVALID_ARGUMENT naming the field. */

export function idOf(value: string, field: string): string {
  if (!/^[1-9][0-9]{0,19}$/.test(value) || (value.length === 20 && value > maxId)) throw invalid(field, 'is not an id')
  return value
}

/** An id, or nothing: the start of the first page. */
export function idOrStart(value: string, field: string): string {
  return value === '' ? '0' : idOf(value, field)
}

export function idsOf(values: readonly string[], field: string, max: number): readonly string[] {
  if (values.length > max) throw invalid(field, `has more than ${max} ids`)
  for (const value of values) idOf(value, field)
  return [...new Set(values)]
}

/** An id that a client chose. */
export function clientIdOf(value: string, field: string): string {
  if (!/^[A-Za-z0-9_.:-]{1,64}$/.test(value)) throw invalid(field, 'is not an id of 1 to 64 of A–Z a–z 0–9 _ . : -')
  return value
}

/** SHA-256, or as many random bytes. */
export function hashOf(value: Uint8Array, field: string): Uint8Array {
  if (value.length !== 32) throw invalid(field, 'does not have 32 bytes')
  return value
}

/** Text that fits: 1 to `max` characters, none of them half a character. */
export function textOf(value: string, field: string, max: number): string {
  const length = [...value].length
  if (length < 1 || length > max || !value.isWellFormed()) throw invalid(field, `is not 1 to ${max} characters`)
  return value
}

/** 0 is the maximum. */
export function limitOf(value: number, max: number): number {
  if (value > max) throw invalid('limit', `is above ${max}`)
  return value === 0 ? max : value
}

export function invalid(field: string, fault: string): AppError {
  return new AppError('INVALID_ARGUMENT', { message: `${field} ${fault}.`, details: { field } })
}

const maxId = '18446744073709551615'
