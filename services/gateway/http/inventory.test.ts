import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { RouteOptions } from 'fastify'
import { registeredOnly } from './access.ts'
import { createFakeGateway } from './testing/fake-gateway.ts'
import { publicRoutes, routeTable } from './testing/route-table.ts'

const gateway = await createFakeGateway()
after(() => gateway[Symbol.asyncDispose]())
/** Without the answers to methods that a path does not have, and to preflights. */
const routes = gateway.routes.filter(
  ({ method, url, onRequest }) => !Array.isArray(method) && method !== 'HEAD' && onRequest === undefined && url !== '*',
)
const nameOf = ({ method, url }: RouteOptions) => `${String(method)} ${url}`

test('every route has a schema with a response for success and for the errors that any route may meet', () => {
  for (const route of routes) {
    const { schema, config } = route
    assert.ok(config?.responses !== undefined, `${nameOf(route)} has no response schemas`)
    if (schema === undefined || 'hide' in schema) continue
    const statuses = Object.keys(config.responses)
    assert.ok(
      statuses.some((status) => status.startsWith('2')),
      `${nameOf(route)} has no good answer`,
    )
    for (const status of ['400', '429', '500', '503', '504']) assert.ok(statuses.includes(status), nameOf(route))
    // Any of these may come with a body, asked for or not.
    if (String(route.method) === 'GET') continue
    for (const status of ['413', '415']) assert.ok(statuses.includes(status), nameOf(route))
  }
})

test('every route with an id in its path checks it, and every POST, PUT and PATCH with a body refuses unknown fields', () => {
  for (const { url, schema, method } of routes) {
    const names = [...url.matchAll(/:(\w+)/g)].map(([, name]) => name)
    const params = schema?.params as { properties?: object } | undefined
    assert.deepEqual(Object.keys(params?.properties ?? {}), names, url)
    const body = schema?.body as
      { additionalProperties?: boolean; anyOf?: { additionalProperties?: boolean }[] } | undefined
    if (body === undefined) continue
    assert.ok(method === 'POST' || method === 'PUT' || method === 'PATCH')
    for (const branch of body.anyOf ?? [body]) assert.equal(branch.additionalProperties, false, url)
  }
})

test('every route is public, asks for a bearer token or for an admin, by decision: the public ones are exactly these', () => {
  for (const route of routes) assert.ok(route.config?.access !== undefined, `${nameOf(route)} has no auth decision`)
  const found = routes.filter(({ config }) => config?.access === 'public').map(nameOf)
  assert.deepEqual(new Set(found), publicRoutes)
})

test('what is not for guests is exactly what access.ts lists', () => {
  const found = routes.filter(({ config }) => config?.access === 'registered').map(nameOf)
  assert.deepEqual(new Set(found), registeredOnly)
})

test('what stands under /admin is for admins, and nothing else is', () => {
  for (const route of routes)
    assert.equal(route.url.startsWith('/admin'), route.config?.access === 'admin', nameOf(route))
})

test('what asks for a bearer token answers 401 without one, and nothing else does', async () => {
  for (const route of routes) {
    const url = route.url.replaceAll(/:\w+/g, '1')
    const { statusCode } = await gateway.inject({ method: route.method as 'GET', url })
    assert.equal(statusCode === 401, route.config?.access !== 'public', nameOf(route))
  }
})

test('every route stands in the table of the route tests', () => {
  const documented = routes.filter(({ schema }) => schema !== undefined && !('hide' in schema)).map(nameOf)
  assert.deepEqual(new Set(routeTable.map(({ method, route }) => `${method} ${route}`)), new Set(documented))
})

test('the OpenAPI document names every operation once, resolves every reference, and shows the auth decision', async () => {
  const text = (await gateway.inject({ method: 'GET', url: '/openapi.json' })).body
  const api = JSON.parse(text) as OpenApi
  assert.equal(api.openapi, '3.1.0')
  const operations = Object.values(api.paths).flatMap((path) => Object.values(path))
  assert.equal(operations.length, routeTable.length)
  assert.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length)
  assert.equal(operations.filter(({ security }) => security === undefined).length, 5)
  const shown = operations.map((operation) => operation['x-access'])
  assert.deepEqual(new Set(shown), new Set(['public', 'bearer', 'registered', 'admin']))
  for (const [, name = ''] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
    assert.ok(name in api.components.schemas, `${name} is referred to, but not there`)
  }
  assert.ok(!text.includes('schema-'), 'every component has a name of its own')
  for (const { responses } of operations) {
    for (const { description } of Object.values(responses)) assert.notEqual(description, 'Default Response')
  }
})

interface OpenApi {
  readonly openapi: string
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { readonly schemas: Record<string, unknown> }
}
interface Operation {
  readonly operationId: string
  readonly security?: unknown
  readonly 'x-access': string
  readonly responses: Record<string, { readonly description: string }>
}
