import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientIdOf, idOf, idOrStart, idsOf, limitOf, textOf } from './input.ts'

function refuses(call: () => unknown, field: string): void {
  assert.throws(call, (error: { code?: string; details?: { field: string } }) => {
    assert.deepEqual([error.code, error.details?.field], ['INVALID_ARGUMENT', field])
    return true
  })
}

test('example: a good value passes unchanged, a bad one names its field', () => {
  assert.equal(idOf('42', 'user_id'), '42')
  refuses(() => idOf('x', 'user_id'), 'user_id')
})

test('an id has 64 bits and no other form', () => {
  assert.equal(idOf('18446744073709551615', 'id'), '18446744073709551615')
  for (const bad of ['', '0', '007', '18446744073709551616', '99999999999999999999', '1 ', '1n']) {
    refuses(() => idOf(bad, 'id'), 'id')
  }
  assert.equal(idOrStart('', 'after'), '0')
})

test('ids are counted, checked and each taken once', () => {
  assert.deepEqual(idsOf(['1', '2', '1'], 'ids', 3), ['1', '2'])
  refuses(() => idsOf(['1', '2', '3'], 'ids', 2), 'ids')
  refuses(() => idsOf(['1', 'b'], 'ids', 2), 'ids')
})

test('text is counted in characters and must be well-formed', () => {
  assert.equal(textOf('🙂'.repeat(5), 'name', 5), '🙂'.repeat(5))
  for (const bad of ['', '🙂'.repeat(6), 'a\ud800']) refuses(() => textOf(bad, 'name', 5), 'name')
})

test('client ids are of the published alphabet', () => {
  assert.equal(clientIdOf('01J-a_b.c:D', 'id'), '01J-a_b.c:D')
  for (const bad of ['', 'a b', 'ü', 'x'.repeat(65), "a'b"]) refuses(() => clientIdOf(bad, 'id'), 'id')
})

test('a limit of 0 is the maximum, one above it is refused', () => {
  assert.deepEqual([limitOf(0, 50), limitOf(50, 50), limitOf(1, 50)], [50, 50, 1])
  refuses(() => limitOf(51, 50), 'limit')
})
