import { Type, type Static, type TObject, type TSchema, type TUnsafe } from 'typebox'

/**
 * A schema with a name: OpenAPI shows it once, under components, and everything else refers to it. The static type of the
 * reference is the schema's own.
 */
export interface Component<T extends TSchema = TSchema> {
  readonly schema: TSchema & { readonly $id: string }
  readonly ref: TUnsafe<Static<T>>
}

export function component<const T extends TObject>(name: string, schema: T): Component<T> {
  return { schema: { ...schema, $id: name, title: name }, ref: Type.Unsafe<Static<T>>({ $ref: `${name}#` }) }
}

/** A response schema with a line for the documentation. */
export function answer<T extends TSchema>(description: string, schema: T): T {
  return { ...schema, description }
}
