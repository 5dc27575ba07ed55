import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowWithoutMessages } from './row.ts'
import { quickIds, scenarios } from './scenarios.ts'
import { runSuite, type Contestant } from './suite.ts'

test('contestants take turns, each peer only in its rows; connections are held once', async () => {
  const order: string[] = []
  const contestant = (name: string): Contestant => ({
    name,
    async measure({ id }) {
      order.push(`${id} ${name}`)
      return rowWithoutMessages(id, name, {})
    },
  })
  const [gochat, peer] = [contestant('gochat'), contestant('raw-inserts')]
  const results = await runSuite({
    scenarios: scenarios.filter(({ id }) => id === 'repo' || id === 'conn'),
    gochat,
    peers: new Map([[peer.name, peer]]),
    absent: new Map(),
    pairs: 2,
    pauseMs: 0,
    onProgress: () => {},
  })
  assert.deepEqual(order, ['repo gochat', 'repo raw-inserts', 'repo gochat', 'repo raw-inserts', 'conn gochat'])
  assert.deepEqual(
    results.map(({ runs }) => [...runs].map(([name, rows]) => `${name} ${rows.length}`)),
    [['gochat 2', 'raw-inserts 2'], ['gochat 1']],
  )
})

test('who fails is absent with its reason and not asked again; the others go on', async () => {
  const asked: string[] = []
  const results = await runSuite({
    scenarios: scenarios.filter(({ id }) => id === 'repo'),
    gochat: {
      name: 'gochat',
      async measure({ id }) {
        asked.push('gochat')
        return rowWithoutMessages(id, 'gochat', {})
      },
    },
    peers: new Map([
      [
        'raw-inserts',
        {
          name: 'raw-inserts',
          async measure() {
            asked.push('raw-inserts')
            throw new Error('disk full')
          },
        },
      ],
    ]),
    absent: new Map([['ejabberd', 'is no peer of this row']]),
    pairs: 2,
    pauseMs: 0,
    onProgress: () => {},
  })
  assert.deepEqual(asked, ['gochat', 'raw-inserts', 'gochat'])
  assert.deepEqual([...results[0]!.absent], [['raw-inserts', 'failed: disk full']])
  assert.deepEqual([...results[0]!.runs.keys()], ['gochat'])
})

test('rows have names of their own, and the quick ones exist', () => {
  const ids = scenarios.map(({ id }) => id)
  assert.equal(new Set(ids).size, ids.length)
  for (const id of quickIds) assert.ok(ids.includes(id), id)
})
