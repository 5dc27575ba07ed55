import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Compile } from 'typebox/compile'
import { errorTable } from '#infra/errors/index.ts'
import { clientFrames, serverFrames } from '#proto/frames/index.ts'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { readCloseCodes, readProtocolPage, readRestExamples } from '#services/gateway/documents/protocol-page.ts'
import { createAnswerCheck, type OpenApi } from '#services/gateway/testing/contract/answers.ts'
import { createValidators, pointerTo } from '#services/gateway/testing/contract/validators.ts'

const examples = readProtocolPage()

for (const [from, frames] of [
  ['client', clientFrames],
  ['server', serverFrames],
] as const) {
  for (const [t, schema] of Object.entries(frames)) {
    test(`docs/protocol.md shows the ${from}'s ${t} frame, and every example of it fits the schema`, () => {
      const shown = examples.filter((example) => example.from === from && example.frame.t === t)
      assert.ok(shown.length > 0, 'no example')
      const validator = Compile(schema)
      for (const { frame } of shown) assert.deepEqual([...validator.Errors(frame)], [], JSON.stringify(frame))
    })
  }
}

test('docs/protocol.md shows no frame that is not in the contract', () => {
  const unknown = examples.filter(
    ({ from, frame }) => !Object.hasOwn(from === 'client' ? clientFrames : serverFrames, frame.t),
  )
  assert.deepEqual(unknown, [])
})

test('the errors in the examples are those of the table', () => {
  const shown = JSON.stringify(examples).matchAll(/"code":"([A-Z_]+)"/g)
  for (const [, code] of shown) assert.ok(Object.hasOwn(errorTable, code!), code)
})

const openapi = JSON.parse(readFileSync(resolve(import.meta.dirname, '../docs/api/openapi.json'), 'utf8')) as OpenApi
const validators = createValidators(openapi)
const answerProblem = createAnswerCheck(openapi)

for (const { kind, status, method, path, text } of readRestExamples()) {
  test(`docs/protocol.md shows the ${kind} of ${method} ${path} as the OpenAPI document has it`, () => {
    if (kind === 'answer') {
      assert.equal(answerProblem({ method, path, status, contentType: 'application/json', text }), undefined)
      return
    }
    const at = ['paths', path, method.toLowerCase(), 'requestBody', 'content', 'application/json', 'schema']
    assert.equal(validators.problemOf(pointerTo(...at), JSON.parse(text)), undefined)
  })
}

test('docs/protocol.md shows how to register, log in, and open and find a conversation', () => {
  const shown = new Set(readRestExamples().map(({ method, path }) => `${method} ${path.split('?')[0]}`))
  const needed = ['POST /auth/register', 'POST /auth/login', 'GET /users', 'POST /conversations/direct', 'POST /groups']
  assert.deepEqual(
    [...needed, 'GET /conversations'].filter((operation) => !shown.has(operation)),
    [],
  )
})

test('docs/protocol.md has every close code of the error table, and no other', () => {
  const closing = Object.values(errorTable).flatMap((entry) => ('close' in entry ? [entry.close] : []))
  // Those of the WebSocket itself are named in the sentence before.
  const ofTheTable = closing.filter((code) => code !== 1007 && code !== 1009).toSorted()
  const shown = readCloseCodes()
  assert.deepEqual(shown.map(([code]) => code).toSorted(), ofTheTable)
  for (const [code, meaning] of shown) assert.notEqual(meaning, '', `${code} has no meaning`)
})
