import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Compile } from 'typebox/compile'
import { errorTable } from '#infra/errors/index.ts'
import { clientFrames, serverFrames } from '#proto/frames/index.ts'
import { readProtocolPage } from './support/protocol-page.ts'

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
