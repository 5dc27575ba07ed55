import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { ensureNewman } from '#stack/newman.ts'
import { run } from '#stack/run.ts'
import { createGatewayContracts } from '../support/contract/gateways.ts'
import { openSystem } from '../support/system.ts'

/** The collection that newcomers import, as newman runs it: from the top, on a system that knows nobody. */
const system = await openSystem()
const { httpUrl } = system.gateways[0]!
const collection = resolve(import.meta.dirname, '../../docs/api/gochat.postman_collection.json')
const folder = await mkdtemp(join(tmpdir(), 'gochat-newman-'))
after(() => rm(folder, { recursive: true }))
const contracts = createGatewayContracts(fetch)

const executions = await runCollection()

for (const { item, request, response, assertions = [], requestError } of executions) {
  test(`${item.name}: ${request.method} ${request.url.path.join('/')}`, async () => {
    assert.equal(requestError, undefined)
    const text = Buffer.from(response.stream.data).toString()
    assert.ok(assertions.length > 0, 'nothing was tested')
    for (const { assertion, error } of assertions) assert.equal(error?.message, undefined, `${assertion}: ${text}`)
    const contentType = response.header.find(({ key }) => key.toLowerCase() === 'content-type')?.value
    const path = `/${request.url.path.join('/')}`
    const answer = { method: request.method, path, status: response.code, contentType, text }
    assert.equal(await contracts.problemOf(httpUrl, answer), undefined)
  })
}

test('every request of the collection was run', async () => {
  const { item } = JSON.parse(await readFile(collection, 'utf8')) as { item: { item: unknown[] }[] }
  assert.equal(executions.length, item.flatMap((chapter) => chapter.item).length)
})

async function runCollection(): Promise<Execution[]> {
  const report = join(folder, 'report.json')
  const flags = ['--env-var', `baseUrl=${httpUrl}`, '--timeout', '110000', '--timeout-request', '20000']
  const reporter = ['--reporters', 'json', '--reporter-json-export', report]
  const newman = await ensureNewman()
  // It fails when a request does; the report says which.
  const failure = await run(process.execPath, [newman, 'run', collection, ...flags, ...reporter], {
    timeoutMs: 120_000,
  }).then(
    () => undefined,
    (error: unknown) => error,
  )
  const text = await readFile(report, 'utf8').catch(() => undefined)
  if (text === undefined) throw new Error('newman made no report', { cause: failure })
  return (JSON.parse(text) as { run: { executions: Execution[] } }).run.executions
}

interface Execution {
  readonly item: { readonly name: string }
  readonly request: { readonly method: string; readonly url: { readonly path: readonly string[] } }
  readonly response: {
    readonly code: number
    readonly header: readonly { readonly key: string; readonly value: string }[]
    readonly stream: { readonly data: number[] }
  }
  readonly assertions?: readonly { readonly assertion: string; readonly error?: { readonly message: string } }[]
  readonly requestError?: unknown
}
