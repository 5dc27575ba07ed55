import { medianRow, ratioOf } from '../median.ts'
import { serverSum, type Row } from '../row.ts'
import type { Result } from '../suite.ts'
import type { Machine } from './format.ts'

/** What --json prints: our rows, the peers of each inside it. */
export function jsonReport(results: readonly Result[], machine: Machine): object {
  return {
    machine,
    rows: results.flatMap<object>(({ scenario, runs, absent }) => {
      const ours = runs.get('gochat')
      if (ours === undefined) return [{ id: scenario.id, failed: absent.get('gochat') }]
      const peers = [...runs].filter(([name]) => name !== 'gochat')
      return [
        {
          ...jsonRow(ours),
          about: scenario.about,
          target: scenario.target,
          peers: Object.fromEntries(
            peers.map(([name, rows]) => [
              name,
              { ...jsonRow(rows), ratio: ratioOf(ours, rows, (row) => row.messagesPerSecond) ?? null },
            ]),
          ),
          absentPeers: Object.fromEntries(absent),
        },
      ]
    }),
  }
}

function jsonRow(rows: readonly Row[]): object {
  const { cpuMicrosPerMessage, cpuMicrosPerDelivery, cpuCores, rssMiB, ...rest } = medianRow(rows)
  return {
    ...rest,
    cpuMicrosPerMessage: Object.fromEntries(cpuMicrosPerMessage),
    cpuMicrosPerDelivery: Object.fromEntries(cpuMicrosPerDelivery),
    serverCpuMicrosPerMessage: serverSum(cpuMicrosPerMessage),
    cpuCores: Object.fromEntries(cpuCores),
    rssMiB: Object.fromEntries(rssMiB),
    runs: rows.map(({ messagesPerSecond, deliveriesPerSecond, p50Ms, p99Ms, maxMs }) => ({
      messagesPerSecond,
      deliveriesPerSecond,
      p50Ms,
      p99Ms,
      maxMs,
    })),
  }
}
