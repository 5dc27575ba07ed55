import type { Schema } from './openapi.ts'

/** What a field of that name means, whatever its pattern. */
const byName: Readonly<Record<string, string>> = {
  conversationId: '{{groupId}}',
  userId: '{{bobId}}',
  commandId: '{{$guid}}',
  clientMessageId: '{{$guid}}',
  taskId: 'fanout%2F{{groupId}}',
}
const texts = ['{{bobId}}', 'a word', 'word', 'true']

/** A value that fits a schema; optional fields are left out. Throws when it finds none: then the story must tell of it. */
export function sampleOf(schema: Schema, name: string): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.anyOf?.[0] !== undefined) return sampleOf(schema.anyOf[0], name)
  if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 1
  if (schema.type === 'boolean') return true
  if (schema.type === 'array') {
    return Array.from({ length: schema.minItems ?? 0 }, () => sampleOf(schema.items ?? {}, name.replace(/s$/, '')))
  }
  if (schema.type === 'object') {
    const required = Object.entries(schema.properties ?? {}).filter(([field]) => schema.required?.includes(field))
    return Object.fromEntries(required.map(([field, value]) => [field, sampleOf(value, field)]))
  }
  const text = byName[name] ?? texts.find((candidate) => isGood(candidate, schema))
  if (text === undefined) throw new Error(`No value is known for ${name}: tell of it in postman-story.ts`)
  return text
}

function isGood(text: string, { type, pattern }: Schema): boolean {
  return type === 'string' && (pattern === undefined || new RegExp(pattern, 'u').test(text.replace('{{bobId}}', '1')))
}
