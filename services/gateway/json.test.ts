import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppError } from '#infra/errors/index.ts'
import { parseJson } from './json.ts'

test('example: what can be stored and given back is taken', () => {
  const text = '{"a":[1,-0.5,true,null,"\\ud800"],"constructor":"c","toString":{}}'
  assert.deepEqual(JSON.parse(JSON.stringify(parseJson(text))), JSON.parse(text))
})

const refused: [name: string, text: string][] = [
  ['nothing', ''],
  ['half an object', '{"a":'],
  ['two values', '{}{}'],
  ['NaN', '{"a":NaN}'],
  ['a prototype', '{"a":[{"__proto__":{"x":1}}]}'],
  ['a prototype in escapes', '{"\\u005f\\u005fproto\\u005f\\u005f":1}'],
  ["a constructor's prototype", '{"constructor":{"prototype":{}}}'],
  ['a number that JSON gives back as null', '[1e999]'],
  ['33 levels', `${'['.repeat(33)}${']'.repeat(33)}`],
  ['32 000 levels, on which JSON.stringify overflows the stack', `${'['.repeat(32_000)}${']'.repeat(32_000)}`],
]
for (const [name, text] of refused) {
  test(`${name} is INVALID_ARGUMENT, and the message does not quote the text`, () => {
    assert.throws(
      () => parseJson(text),
      (error: AppError) => error.code === 'INVALID_ARGUMENT' && !('cause' in error),
    )
  })
}

test('32 levels are taken', () => {
  parseJson(`${'['.repeat(32)}${']'.repeat(32)}`)
})
