import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'

/** The OpenAPI document is made of the routes' schemas; here stands what they cannot say. */
export function describeApi(): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'GoChat REST API',
        version: '1',
        description:
          'Everything that the WebSocket does not do, and a way to send without one. Ids are decimal strings, times ' +
          'milliseconds since 1970. A request that changes a conversation carries an id of the client; the same id again ' +
          'gets the same answer, so anything retryable can simply be sent again. `x-access` says who may call: public, bearer ' +
          '(any access token), registered (no guest) or admin. The WebSocket is described in [/asyncapi.json](/asyncapi.json).',
      },
      servers: [{ url: '/', description: 'This gateway.' }],
      tags: [
        { name: 'auth', description: 'Accounts, sessions, devices, access tokens, tickets.' },
        { name: 'users', description: 'Profiles.' },
        { name: 'conversations', description: 'What the caller takes part in.' },
        { name: 'messages', description: 'Send, read, catch up.' },
        { name: 'groups', description: 'Groups and who is in them.' },
        { name: 'limits', description: 'What this server takes.' },
        { name: 'admin', description: 'Tasks and suspensions, for operators with the admin role.' },
      ],
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
    transform: ({ schema, url, route }) => ({
      url,
      schema: withNamedKeys({
        ...schema,
        'x-access': route.config?.access,
        response: route.config?.responses ?? schema?.response,
      }) as object,
    }),
    convertConstToEnum: false,
    refResolver: {
      buildLocalReference: (json, _baseUri, _fragment, i) => (typeof json.$id === 'string' ? json.$id : `schema-${i}`),
    },
  }
}

/** The plugin would drop what a record's names must look like; written as propertyNames, it stays. */
function withNamedKeys(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withNamedKeys)
  if (typeof schema !== 'object' || schema === null) return schema
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, withNamedKeys(value)]))
  const { patternProperties, ...rest } = copy
  const [[pattern, value] = []] = Object.entries(patternProperties ?? {})
  if (pattern === undefined) return copy
  return { ...rest, propertyNames: { pattern }, additionalProperties: value }
}
