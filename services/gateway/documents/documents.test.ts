import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import specs from '@asyncapi/specs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv } from 'ajv'
import { errorEntry, errorTable, type ErrorCode } from '#infra/errors/index.ts'
import { clientFrames, serverFrames } from '#proto/frames/index.ts'
import { documents } from './documents.ts'
import { operationsOf, type OpenApi } from './openapi.ts'

const written = await documents()
const read = <T>(file: string) => JSON.parse(written[`docs/api/${file}`]!) as T
const openapi = read<OpenApi>('openapi.json')
const asyncapi = read<AsyncApi>('asyncapi.json')

for (const [file, text] of Object.entries(written)) {
  test(`${file} is what a gateway serves today`, async () => {
    const present = await readFile(join(import.meta.dirname, '../../..', file), 'utf8')
    assert.ok(present === text, 'stale: run node services/gateway/documents/write.ts')
  })
}

test('the OpenAPI document is valid OpenAPI 3.1', async () => {
  const validator = new Validator()
  const { valid, errors } = await validator.validate(read<Record<string, unknown>>('openapi.json'))
  assert.ok(valid, JSON.stringify(errors))
  assert.equal(validator.version, '3.1')
})

test('the AsyncAPI document is valid AsyncAPI 3.0, and refers to nothing that is not there', () => {
  const ajv = new Ajv({ strict: false, validateFormats: false, validateSchema: false, logger: false })
  const validate = ajv.compile(specs.schemasWithoutId['3.0.0'] as object)
  assert.ok(validate(asyncapi), JSON.stringify(validate.errors?.slice(0, 5)))
  for (const [, ref = ''] of JSON.stringify(asyncapi).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const found = ref.split('/').reduce<unknown>((part, key) => (part as Record<string, unknown>)?.[key], asyncapi)
    assert.ok(found !== undefined, ref)
  }
})

test('the AsyncAPI document has every frame, with what it is for and an example, and an operation for each', () => {
  const frames = [
    ...Object.keys(clientFrames).map((t) => [`client.${t}`, `receive.${t}`] as const),
    ...Object.keys(serverFrames).map((t) => [`server.${t}`, `send.${t}`] as const),
  ]
  assert.deepEqual(
    Object.keys(asyncapi.components.messages),
    frames.map(([message]) => message),
  )
  assert.deepEqual(
    Object.keys(asyncapi.operations),
    frames.map(([, operation]) => operation),
  )
  for (const [name, { summary, examples }] of Object.entries(asyncapi.components.messages)) {
    assert.ok(summary, `${name} does not say what it is for`)
    assert.ok(examples.length > 0, `${name} has no example`)
  }
})

test('the AsyncAPI document names every error and every close code of the table', () => {
  const codes = Object.keys(errorTable) as ErrorCode[]
  assert.deepEqual(
    asyncapi['x-errors'].map(({ code }) => code),
    codes,
  )
  const closing = codes.flatMap((code) => errorEntry(code).close ?? [])
  assert.deepEqual(
    asyncapi['x-close-codes'].map(({ closeCode }) => closeCode),
    closing,
  )
})

test('the Postman collection has every operation, and each of its requests tests the status', () => {
  const { item: chapters } = read<Collection>('gochat.postman_collection.json')
  const items = chapters.flatMap(({ item }) => item)
  for (const { method, path, operationId } of operationsOf(openapi)) {
    const pattern = new RegExp(`^${path.slice(1).replaceAll(/\{\w+\}/g, '[^/]+')}$`)
    const isThere = items.some(({ request }) => request.method === method && pattern.test(request.url.path.join('/')))
    assert.ok(isThere, `${operationId} is missing`)
  }
  for (const { name, event, request } of items) {
    assert.ok(JSON.stringify(event).includes('pm.response.code'), `${name} tests no status`)
    assert.doesNotMatch(request.url.raw, /\/\{[^{]/, `${name} leaves a part of its path open`)
  }
})

interface AsyncApi {
  readonly operations: Readonly<Record<string, unknown>>
  readonly components: {
    readonly messages: Readonly<Record<string, { readonly summary?: string; readonly examples: readonly unknown[] }>>
  }
  readonly 'x-errors': readonly { readonly code: string }[]
  readonly 'x-close-codes': readonly { readonly closeCode: number }[]
}
interface Collection {
  readonly item: readonly { readonly item: readonly Item[] }[]
}
interface Item {
  readonly name: string
  readonly event: object
  readonly request: {
    readonly method: string
    readonly url: { readonly raw: string; readonly path: readonly string[] }
  }
}
