import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowWithoutMessages, type Row } from '../row.ts'
import { scenarios, type Scenario } from '../scenarios.ts'
import type { Result } from '../suite.ts'
import { aligned, grouped, short } from './format.ts'
import { jsonReport } from './json.ts'
import { printResults } from './table.ts'

const machine = { cpu: 'A CPU', cores: 2, memoryGiB: 24, node: '24.0.0' }

function row(id: string, system: string, messagesPerSecond: number, faults: Partial<Row> = {}): Row {
  const cpu = new Map([
    ['gateway', 12.5],
    ['mysql', 7.5],
    ['driver', 100],
  ])
  return rowWithoutMessages(
    id,
    system,
    {},
    {
      messagesPerSecond,
      deliveriesPerSecond: messagesPerSecond * 999,
      p50Ms: 123.456,
      p99Ms: 1234.5,
      maxMs: 12_345.6,
      cpuMicrosPerMessage: cpu,
      cpuMicrosPerDelivery: cpu,
      rssMiB: cpu,
      ...faults,
    },
  )
}

function result(id: string, peer: string): Result {
  const scenario = scenarios.find((one) => one.id === id) as Scenario
  const runs = new Map([
    ['gochat', [row(id, 'gochat', 123_456), row(id, 'gochat', 120_000), row(id, 'gochat', 130_000, { lost: 3 })]],
    [peer, [row(id, peer, 60_000), row(id, peer, 40_000), row(id, peer, 65_000)]],
  ])
  return { scenario, runs, absent: new Map([['socket.io', 'no such package\nand more']]) }
}

function printed(results: readonly Result[]): string[] {
  const lines: string[] = []
  printResults(results, ['raw-inserts'], machine, (line) => lines.push(line))
  return lines
}

test('a table of large figures is not wider than 120 columns', () => {
  const lines = printed([result('latency-1000', 'ejabberd'), result('fan1k-w4', 'raw-inserts')])
  const everything = new Map(
    ['kafka', 'temporal', 'dispatcher', 'worker', 'logic', 'etcd'].map((name) => [name, 123_456]),
  )
  const wide = row('fan1k-w4', 'gochat', 1, { cpuMicrosPerMessage: everything })
  lines.push(...printed([{ ...result('fan1k-w4', 'ejabberd'), runs: new Map([['gochat', [wide, wide]]]) }]))
  assert.ok(lines.some((line) => line.endsWith(' etcd 123 456')))
  for (const line of lines) assert.ok(line.length <= 120, `${line.length}: ${line}`)
})

test('a row shows its median, its range, the target, the ratio pair by pair, and the sum of its faults', () => {
  const text = printed([result('p2p-w1', 'ejabberd')]).join('\n')
  assert.match(text, /p2p-w1 +gochat +123 456 +120 000–130 000 .* 20 +20 +3\/0\/0\/0/)
  assert.match(text, /target +≥12 000 .*≤20 .*≥×3/)
  // 123 456 ÷ 60 000, 120 000 ÷ 40 000 and 130 000 ÷ 65 000.
  assert.match(text, /ejabberd +60 000 .*×2\.06$/m)
})

test('a peer that did not run is in the table and says why; one that was not asked for is named', () => {
  const text = printed([result('p2p-w1', 'ejabberd')]).join('\n')
  assert.match(text, /^ +socket\.io +–/m)
  assert.match(text, /p2p-w1: socket\.io did not run: no such package$/m)
  assert.match(text, /not asked for .*: raw-inserts/)
})

test('JSON has the fields that others read, the peers inside the row', () => {
  const { rows } = JSON.parse(JSON.stringify(jsonReport([result('p2p-w1', 'ejabberd')], machine))) as {
    rows: Record<string, unknown>[]
  }
  assert.equal(rows.length, 1)
  const [first] = rows
  for (const field of ['messagesPerSecond', 'deliveriesPerSecond', 'duplicated', 'reordered', 'p50Ms', 'p99Ms']) {
    assert.equal(typeof first![field], 'number', field)
  }
  assert.equal(first!['id'], 'p2p-w1')
  assert.equal(first!['lost'], 3)
  assert.deepEqual(first!['cpuMicrosPerMessage'], { gateway: 12.5, mysql: 7.5, driver: 100 })
  assert.equal(first!['serverCpuMicrosPerMessage'], 20)
  assert.equal((first!['peers'] as { ejabberd: Row }).ejabberd.messagesPerSecond, 60_000)
  assert.deepEqual(first!['absentPeers'], { 'socket.io': 'no such package\nand more' })
})

test('figures are short and grouped, columns are aligned', () => {
  assert.deepEqual([0, 0.5, 9.999, 10, 99.96, 1234.5].map(short), ['0', '0.5', '10', '10', '100', '1 235'])
  assert.equal(grouped(1_234_567), '1 234 567')
  assert.deepEqual(
    aligned(
      [
        ['a', 'bb'],
        ['ccc', '1'],
      ],
      1,
    ),
    ['a    bb', 'ccc   1'],
  )
})
