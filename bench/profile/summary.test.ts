import assert from 'node:assert/strict'
import { test } from 'node:test'
import { summarize } from './summary.ts'

const frame = (id: number, functionName: string, url = '', lineNumber = -1) => ({
  id,
  callFrame: { functionName, url, lineNumber },
})

test('self time is added up by function and by package; idle time is none', () => {
  const { busyMs, functions, packages } = summarize(
    {
      nodes: [
        frame(1, '(root)'),
        frame(2, '(idle)'),
        frame(3, 'write', 'file:///app/services/gateway/ws/writer.ts', 9),
        frame(4, 'encode', 'file:///app/node_modules/@scope/codec/index.js', 0),
        frame(5, '', 'file:///app/node_modules/kafkajs/src/a.js', 4),
        frame(6, 'writev', 'node:net', 1),
        frame(7, '(garbage collector)'),
        frame(8, 'push', 'file:///app/services/gateway/ws/hub.ts', 1),
      ],
      samples: [2, 3, 3, 4, 5, 6, 7, 8, 2],
      timeDeltas: [0, 5000, 1000, 2000, 500, 400, 300, 200, 100],
    },
    '/app',
  )
  assert.equal(busyMs, 4.5)
  assert.deepEqual(functions[0], { name: 'write services/gateway/ws/writer.ts:10', ms: 3 })
  assert.deepEqual(
    packages.map(({ name, ms }) => [name, ms]),
    [
      ['services/gateway', 3.1],
      ['@scope/codec', 0.5],
      ['kafkajs', 0.4],
      ['node', 0.3],
      ['(garbage collector)', 0.2],
    ],
  )
  assert.ok(functions.some(({ name }) => name === '(anonymous) node_modules/kafkajs/src/a.js:5'))
})
