import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOriginCheck } from './origins.ts'

test('example: with a list only what is on it may come, whatever the mode', () => {
  const isAllowed = createOriginCheck({ allowed: 'https://chat.example.com, https://b.example', isProduction: false })
  assert.equal(isAllowed('https://chat.example.com'), true)
  assert.equal(isAllowed('https://B.example'), true)
  for (const origin of ['http://localhost:5173', 'https://chat.example.com.evil', 'null', '']) {
    assert.equal(isAllowed(origin), false, origin)
  }
})

test('without a list development takes loopback origins, production none', () => {
  const inDevelopment = createOriginCheck({ allowed: '', isProduction: false })
  const inProduction = createOriginCheck({ allowed: '', isProduction: true })
  for (const origin of ['http://localhost:5173', 'http://127.0.0.1', 'https://[::1]:8443']) {
    assert.deepEqual([inDevelopment(origin), inProduction(origin)], [true, false], origin)
  }
  for (const origin of ['http://localhost.evil.example', 'http://127.0.0.1.evil', 'file://', 'http://10.0.0.1']) {
    assert.equal(inDevelopment(origin), false, origin)
  }
})
