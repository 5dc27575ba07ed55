import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { AppError } from '#infra/errors/index.ts'

/** Checks one part of a request; what it refuses is INVALID_ARGUMENT with the part and every field that is wrong. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const find = problemFinder(schema)
  const integers = httpPart === 'querystring' ? integerFields(schema) : []
  return (input: unknown) => {
    const value = integers.length === 0 ? input : withIntegers(input as Record<string, unknown>, integers)
    const fields = find(value)
    if (fields === undefined) return { value }
    return { error: new AppError('INVALID_ARGUMENT', { details: { in: httpPart, fields } }) }
  }
}

const maxProblems = 10
const maxPathLength = 100

/** Path of a field, such as `/body/text`, as on the WebSocket → what is wrong with it; undefined when nothing is. */
type ProblemFinder = (value: unknown) => Record<string, string> | undefined

/** A union whose branches differ by the constant `type` is judged by the branch that the value names, not by all. */
function problemFinder(schema: TSchema): ProblemFinder {
  const branches = branchesByType(schema)
  if (branches === undefined) return fieldFinder(schema)
  const finders = new Map([...branches].map(([type, branch]) => [type, fieldFinder(branch)]))
  const known = [...finders.keys()].join(', ')
  return (value) => {
    if (typeof value !== 'object' || value === null) return { '': 'must be object' }
    const find = finders.get((value as { type?: unknown }).type)
    return find === undefined ? { '/type': `must be one of ${known}` } : find(value)
  }
}

function fieldFinder(schema: TSchema): ProblemFinder {
  const validator = Compile(schema)
  return (value) => {
    if (validator.Check(value)) return undefined
    const problems = new Map<string, string>()
    for (const error of validator.Errors(value)) {
      if (problems.size === maxProblems) break
      for (const [path, problem] of problemsOf(error)) {
        if (!problems.has(path)) problems.set(path, problem)
      }
    }
    return Object.fromEntries(problems)
  }
}

interface ValidationError {
  readonly keyword: string
  readonly instancePath: string
  readonly message: string
  readonly params: unknown
}

function problemsOf(error: ValidationError): [path: string, problem: string][] {
  const path = error.instancePath
  const inside = (name: string) => `${path}/${name}`.slice(0, maxPathLength)
  const params = error.params as { requiredProperties?: string[]; additionalProperties?: string[] }
  if (error.keyword === 'required')
    return (params.requiredProperties ?? []).map((name) => [inside(name), 'is required'])
  if (error.keyword === 'additionalProperties') {
    return (params.additionalProperties ?? []).map((name) => [inside(name), 'is not a known field'])
  }
  // The same thing again, once per unknown field.
  if (error.keyword === 'boolean') return []
  return [[path.slice(0, maxPathLength), error.message]]
}

function branchesByType(schema: TSchema): Map<unknown, TSchema> | undefined {
  const { anyOf } = schema as { anyOf?: { properties?: { type?: { const?: unknown } } }[] }
  if (anyOf === undefined) return undefined
  const branches = anyOf.map((branch) => [branch.properties?.type?.const, branch] as const)
  return branches.some(([type]) => type === undefined) ? undefined : new Map(branches)
}

function integerFields(schema: TSchema): readonly string[] {
  const { properties = {} } = schema as { properties?: Record<string, { type?: string }> }
  return Object.keys(properties).filter((name) => properties[name]?.type === 'integer')
}

/** A query holds strings. Only plain decimal digits become numbers: typebox's Convert also takes 0x10, true and 5.7. */
function withIntegers(query: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  const converted = { ...query }
  for (const name of names) {
    const text = converted[name]
    if (typeof text === 'string' && /^[0-9]{1,15}$/.test(text)) converted[name] = Number(text)
  }
  return converted
}
