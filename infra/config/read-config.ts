import { envSchema } from 'env-schema'
import type { Static, TObject, TSchema } from 'typebox'

export interface Fault {
  readonly variable: string
  readonly fault: string
}

/** All that is wrong with the environment. Holds no values: some are secrets. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    const lines = faults.map(({ variable, fault }) => `  ${variable} ${fault}`)
    super(`the environment has ${faults.length} fault${faults.length === 1 ? '' : 's'}:\n${lines.join('\n')}`)
    this.faults = faults
  }
}

/**
 * The settings that the schema describes, converted and frozen, under their environment names. A variable set to
 * nothing counts as not set.
 * @throws ConfigError with every fault at once.
 */
export function readConfig<T extends TObject>(schema: T, env: NodeJS.ProcessEnv = process.env): Static<T> {
  for (const [name, setting] of Object.entries<TSchema>(schema.properties)) {
    if (!('description' in setting)) throw new Error(`${name} has no description in its schema`)
  }
  const data = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  try {
    // The clone: env-schema writes into the schema. `env: false`: it would merge process.env into what it is given.
    const config = envSchema<Static<T>>({ schema: structuredClone(schema), data, env: false })
    Object.freeze(config)
    return config
  } catch (error) {
    if (!isValidationError(error)) throw error
    throw new ConfigError(faultsOf(schema, error.errors))
  }
}

interface ValidationFault {
  readonly instancePath: string
  readonly keyword: string
  readonly message?: string
  readonly params: Record<string, unknown>
}

function isValidationError(error: unknown): error is Error & { errors: ValidationFault[] } {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors)
}

/** One line per variable, the first thing that is wrong with it, in the schema's order. */
function faultsOf(schema: TObject, errors: readonly ValidationFault[]): Fault[] {
  const faults = new Map<string, string>()
  for (const { instancePath, keyword, message, params } of errors) {
    const isMissing = keyword === 'required' && instancePath === ''
    const variable = isMissing ? String(params['missingProperty']) : (instancePath.split('/')[1] ?? '')
    const allowed = Array.isArray(params['allowedValues']) ? `: ${params['allowedValues'].join(', ')}` : ''
    const fault = isMissing ? 'is not set' : `${message ?? 'is invalid'}${allowed}`
    const description: unknown = Reflect.get(schema.properties[variable] ?? {}, 'description')
    if (!faults.has(variable)) faults.set(variable, `${fault} (${String(description)})`)
  }
  const order = Object.keys(schema.properties)
  return [...faults]
    .map(([variable, fault]) => ({ variable, fault }))
    .sort((a, b) => order.indexOf(a.variable) - order.indexOf(b.variable))
}
