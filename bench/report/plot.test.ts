import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plot, type Report } from './plot.ts'

const report = (rows: readonly [id: string, servers: number, driver: number][]): Report => ({
  rows: rows.map(([id, serverCpuMicrosPerMessage, driver]) => ({
    id,
    messagesPerSecond: 1234.4,
    serverCpuMicrosPerMessage,
    cpuMicrosPerMessage: { gateway: serverCpuMicrosPerMessage, driver },
  })),
})

test('rows of both runs are drawn, each on its own scale; those of one run, or without messages, are not', () => {
  const svg = plot(
    report([
      ['p2p-w1', 100, 10],
      ['hot', 30, 10],
      ['conn', 0, 0],
      ['old', 1, 1],
    ]),
    report([
      ['hot', 60, 10],
      ['p2p-w1', 40, 8],
      ['conn', 0, 0],
    ]),
  )
  const widths = [...svg.matchAll(/<rect x="\d+" y="\d+" width="([\d.]+)"/g)].map(([, width]) => Number(width))
  assert.deepEqual(widths, [420, 210, 210, 420])
  assert.match(svg, />10\.0 · 100 µs · 1,234\/s</)
  assert.match(svg, />5\.0 · 40 µs · 1,234\/s</)
  assert.doesNotMatch(svg, /conn|>old</)
})
