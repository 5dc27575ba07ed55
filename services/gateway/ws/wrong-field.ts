import type { TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import { NewMessage } from '#proto/frames/index.ts'

/** What of typebox's errors is needed here. */
interface SchemaError {
  readonly keyword: string
  readonly instancePath: string
  readonly params: unknown
}

/**
 * The path of the first field that is wrong, such as `/messages/0/body/text`. A message is judged by the one kind that its `type`
 * names: the whole frame's errors would list what every other kind misses in it, and end before they come to the point.
 */
export function wrongField(errors: readonly SchemaError[], frame: Readonly<Record<string, unknown>>): string {
  const first = errors.find(({ keyword, instancePath }) => keyword !== 'boolean' && !inMessage.test(instancePath))
  const path = (first === undefined ? wrongInMessages(frame['messages']) : pathOf(first)) ?? ''
  return path.slice(0, maxPathLength)
}

const maxPathLength = 100
const inMessage = /^\/messages\/\d+/
const kinds = new Map(NewMessage.anyOf.map((kind) => [kind.properties.type.const as string, kind as TSchema]))
const validators = new Map<string, Validator>()

function wrongInMessages(messages: unknown): string | undefined {
  if (!Array.isArray(messages)) return undefined
  for (const [i, message] of messages.entries()) {
    const path = wrongInMessage(message)
    if (path !== undefined) return `/messages/${i}${path}`
  }
  return undefined
}

function wrongInMessage(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return ''
  const { type } = message as { type?: unknown }
  const validator = typeof type === 'string' ? validatorOf(type) : undefined
  if (validator === undefined) return '/type'
  const error = validator.Errors(message).find(({ keyword }) => keyword !== 'boolean')
  return error === undefined ? undefined : pathOf(error)
}

/** Compiled when first needed: only for what is refused. */
function validatorOf(type: string): Validator | undefined {
  const kind = kinds.get(type)
  if (kind === undefined) return undefined
  const validator = validators.get(type) ?? Compile(kind)
  validators.set(type, validator)
  return validator
}

function pathOf({ keyword, instancePath, params }: SchemaError): string {
  const { requiredProperties, additionalProperties } = params as {
    requiredProperties?: string[]
    additionalProperties?: string[]
  }
  const name =
    keyword === 'required'
      ? requiredProperties?.[0]
      : keyword === 'additionalProperties'
        ? additionalProperties?.[0]
        : undefined
  return name === undefined ? instancePath : `${instancePath}/${name}`
}
