import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type, type TSchema } from 'typebox'
import type { AppError } from '#infra/errors/index.ts'
import { NewMessage } from '#proto/frames/index.ts'
import { strict } from './schemas/common.ts'
import { validatorCompiler } from './validation.ts'

test('example: every wrong field of a body is named, with what is wrong with it', () => {
  const schema = Type.Object({ name: Type.String({ maxLength: 3 }), age: Type.Integer() }, strict)
  assert.deepEqual(problems(schema, 'body', { name: 'long name', extra: 1 }), {
    in: 'body',
    fields: {
      '/age': 'is required',
      '/extra': 'is not a known field',
      '/name': 'must not have more than 3 characters',
    },
  })
})

test('a union is judged by the branch that the type names, so that a missing text is not also a wrong type', () => {
  const wrong = { clientMessageId: 'm-1', type: 'text', body: { tex: 'hi' } }
  assert.deepEqual(problems(NewMessage, 'body', wrong)?.fields, {
    '/body/text': 'is required',
    '/body/tex': 'is not a known field',
  })
  assert.deepEqual(problems(NewMessage, 'body', { ...wrong, type: 'poem' })?.fields, {
    '/type': 'must be one of text, action, custom',
  })
  assert.deepEqual(problems(NewMessage, 'body', null)?.fields, { '': 'must be object' })
})

test('only plain digits of a query become a number, and a body is never converted', () => {
  const schema = Type.Object({ limit: Type.Integer() }, strict)
  const check = validatorCompiler({ schema, httpPart: 'querystring', method: 'GET', url: '/' })
  assert.deepEqual(check({ limit: '12' }), { value: { limit: 12 } })
  for (const limit of ['0x10', '1e1', 'true', '1.0', '', ' 1', '-0', ['1', '2'], '9'.repeat(400)]) {
    assert.ok('error' in (check({ limit }) as object), JSON.stringify(limit))
  }
  assert.deepEqual(Object.keys(problems(schema, 'body', { limit: '12' })?.fields ?? {}), ['/limit'])
})

test('what a refusal says is bounded, however much is wrong', () => {
  const schema = Type.Object({}, strict)
  const wrong = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`${i}${'x'.repeat(500)}`, i]))
  const { fields = {} } = problems(schema, 'body', wrong) ?? {}
  assert.ok(Object.keys(fields).length <= 10, `${Object.keys(fields).length} problems`)
  for (const path of Object.keys(fields)) assert.ok(path.length <= 100)
})

function problems(schema: TSchema, httpPart: string, value: unknown) {
  const check = validatorCompiler({ schema, httpPart, method: 'POST', url: '/' })
  const { error } = check(value) as { error?: AppError }
  return error?.details as { in: string; fields: Record<string, string> } | undefined
}
