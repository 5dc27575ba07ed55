import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareIds, dateTime, isId, quote, quoteBytes, rowsTable } from './literals.ts'

test('example: quoted text cannot leave its quotes', () => {
  assert.equal(quote(`it's`), `'it''s'`)
  assert.equal(quote(`\\'; DROP TABLE users; -- `), `'\\\\''; DROP TABLE users; -- '`)
  assert.equal(quote('a\0b'), `'a\\0b'`)
  assert.equal(quote(`"plain" \n 🙂`), `'"plain" \n 🙂'`)
})

test('bytes are written as text when that keeps them, else in hexadecimal', () => {
  assert.equal(quoteBytes(Buffer.from('{"a":"ü\'"}')), `'{"a":"ü''"}'`)
  assert.equal(quoteBytes(new Uint8Array([0xff, 0x27, 0])), `X'ff2700'`)
  assert.equal(quoteBytes(new Uint8Array(Buffer.from('xxabxx')).subarray(2, 4)), `'ab'`)
})

test('a time is written in UTC with its milliseconds', () => {
  assert.equal(dateTime(Date.UTC(2025, 0, 2, 3, 4, 5, 6)), `'2025-01-02 03:04:05.006'`)
})

test('only decimal numbers without leading zeros pass as ids', () => {
  for (const good of ['1', '18446744073709551615']) assert.ok(isId(good), good)
  for (const bad of ['', '0', '01', '-1', '1.5', '1e3', ' 1', '1 OR 1=1', '1'.repeat(21), '１'])
    assert.ok(!isId(bad), bad)
})

test('ids are ordered as numbers', () => {
  const ids = ['9', '10', '100', '18446744073709551615', '2', '18446744073709551614']
  const expected = ['2', '9', '10', '100', '18446744073709551614', '18446744073709551615']
  assert.deepEqual(ids.toSorted(compareIds), expected)
})

test('rows become one quoted literal', () => {
  assert.equal(
    rowsTable([`[1,"a'b"]`, '[2,"c"]'], "c INT PATH '$[0]'"),
    `JSON_TABLE('[[1,"a''b"],[2,"c"]]', '$[*]' COLUMNS (c INT PATH '$[0]')) r`,
  )
})
