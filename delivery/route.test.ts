import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRoutes } from './route.ts'

test('example: the value of a route key holds one route per socket', () => {
  assert.deepEqual(parseRoutes('3.512.7.1764000000;11.9007199254740991.4294967295.1764000001'), [
    { slot: 3, epoch: 512, connection: 7 },
    { slot: 11, epoch: 9_007_199_254_740_991, connection: 4_294_967_295 },
  ])
})

test('an empty or cut value holds no route', () => {
  assert.deepEqual(parseRoutes(''), [])
  assert.deepEqual(parseRoutes(';;'), [])
  assert.deepEqual(parseRoutes('3.512'), [])
  assert.deepEqual(parseRoutes('3.512;1.2.3.4'), [{ slot: 1, epoch: 2, connection: 3 }])
})
