import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'

/** A document of JSON schemas, of which single ones are validated with, by JSON pointer. */
export interface Validators {
  /** What is wrong with a value, or nothing. */
  problemOf(pointer: string, value: unknown): string | undefined
}

/**
 * Strict on purpose: where a schema describes the fields of an object, no other may come. Clients ignore what they do not
 * know, so that the server may gain fields; but it must not send any that it does not document.
 */
export function createValidators(document: object): Validators {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, inlineRefs: false })
  ajv.addSchema(closed(document) as object, 'document')
  const compiled = new Map<string, ValidateFunction>()
  return {
    problemOf(pointer, value) {
      const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `document#${pointer}` })
      compiled.set(pointer, validate)
      return validate(value) ? undefined : (validate.errors ?? []).map(describeError).join('; ')
    },
  }
}

export function pointerTo(...path: readonly string[]): string {
  return path.map((part) => `/${encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')
}

function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed)
  if (typeof value !== 'object' || value === null) return value
  const copy = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, closed(part)]))
  const isOpen = copy['type'] === 'object' && 'properties' in copy && !('additionalProperties' in copy)
  return isOpen ? { ...copy, additionalProperties: false } : copy
}

function describeError({ instancePath, message = '', params }: ErrorObject): string {
  return `${instancePath === '' ? 'it' : instancePath} ${message} ${JSON.stringify(params)}`
}
