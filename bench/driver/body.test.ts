import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyBytes, bodyNumber, bodyText, bodyTimeMs, bodyWriter, readDigits, writeBody } from './body.ts'
import { Finder } from './finder.ts'

test('what is written into a body is read from it, and the body keeps its length', () => {
  const data = Buffer.from(`"text":"${bodyText()}"`)
  assert.equal(data.length, bodyBytes + 9)
  writeBody(data, 8, 123_456_789.012, 987_654_321, 1234)
  assert.equal(bodyTimeMs(data, 8), 123_456_789.012)
  assert.equal(bodyNumber(data, 8), 987_654_321)
  assert.equal(bodyWriter(data, 8), 1234)
  assert.equal(JSON.parse(`{${data.toString()}}`).text.length, bodyBytes)
})

test('digits end where the digits end', () => {
  assert.equal(readDigits(Buffer.from('42,"type"'), 0), 42)
  assert.equal(readDigits(Buffer.from('42'), 0), 42)
  assert.equal(readDigits(Buffer.from('1234'), 1, 2), 23)
})

test('a key is found at its usual distance, at another one, and not behind the end', () => {
  const finder = new Finder('"seq":')
  const data = Buffer.from('{"a":1,"seq":7}{"abc":1,"seq":8}{"none":1}{"a":1,"seq":9}')
  const starts = [0, 15, 32, 42]
  const ends = [...starts.slice(1), data.length]
  const found = starts.map((start, i) => finder.find(data, start, ends[i]!))
  assert.deepEqual(
    found.map((at) => (at < 0 ? at : readDigits(data, at))),
    [7, 8, -1, 9],
  )
})
