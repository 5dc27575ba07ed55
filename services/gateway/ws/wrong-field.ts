/** What of typebox's errors is needed here. */
export interface SchemaError {
  readonly keyword: string
  readonly schemaPath: string
  readonly instancePath: string
  readonly params: unknown
}

/**
 * The path of the first field that is wrong, such as `/messages/0/body/text`. Inside a union only the branch that the value
 * names by its `type` counts: the others are wrong by not being meant.
 */
export function wrongField(errors: readonly SchemaError[]): string {
  const unmeant = errors.filter(({ keyword, instancePath }) => keyword === 'const' && instancePath.endsWith('/type'))
  const meant = errors.filter((error) => {
    return (
      error.keyword !== 'anyOf' && error.keyword !== 'boolean' && !unmeant.some((other) => isSameBranch(error, other))
    )
  })
  const first = meant[0] ?? unmeant[0] ?? errors[0]
  return first === undefined ? '' : pathOf(first).slice(0, maxPathLength)
}

const maxPathLength = 100

function isSameBranch(error: SchemaError, other: SchemaError): boolean {
  const branch = /^.*\/anyOf\/\d+\//.exec(other.schemaPath)?.[0]
  const at = other.instancePath.slice(0, -'/type'.length)
  return branch !== undefined && error.schemaPath.startsWith(branch.slice(0, -1)) && error.instancePath.startsWith(at)
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
