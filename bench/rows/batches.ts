import { setTimeout as sleep } from 'node:timers/promises'
import { createLatencies } from '../driver/latencies.ts'
import { measureCpu, residentMiB, type Processes } from '../driver/processes.ts'
import { rowWithoutMessages, type Row } from '../row.ts'

/** So many rows of each of so many conversations are one batch, and one transaction. */
export interface BatchSize {
  readonly conversations: number
  readonly rowsEach: number
}

export type BatchWriter = (size: BatchSize) => Promise<void>

export const batchSize: BatchSize = { conversations: 50, rowsEach: 10 }

/** Every writer has one batch in flight. The rates are rows a second. */
export async function runBatches(
  system: string,
  writers: readonly BatchWriter[],
  processes: Processes,
  { warmUpMs, measureMs }: { readonly warmUpMs: number; readonly measureMs: number },
): Promise<Row> {
  const rowsEachBatch = batchSize.conversations * batchSize.rowsEach
  const latencies = createLatencies()
  const state = { isWriting: true, isMeasuring: false, rows: 0 }
  const loops = writers.map(async (write) => {
    while (state.isWriting) {
      const startedAt = performance.now()
      await write(batchSize)
      if (!state.isMeasuring) continue
      state.rows += rowsEachBatch
      latencies.record(performance.now() - startedAt)
    }
  })
  const measured = (async () => {
    await sleep(warmUpMs)
    state.isMeasuring = true
    const startedAt = performance.now()
    const cpu = await measureCpu(processes, () => sleep(measureMs))
    state.isMeasuring = false
    state.isWriting = false
    return { cpu, seconds: (performance.now() - startedAt) / 1000 }
  })()
  // A writer that fails ends the row at once.
  const [{ cpu, seconds }] = await Promise.all([measured, ...loops])
  const { rows } = state
  return rowWithoutMessages(
    'repo',
    system,
    {},
    {
      messagesPerSecond: rows / seconds,
      p50Ms: latencies.percentile(50),
      p99Ms: latencies.percentile(99),
      maxMs: latencies.maxMs,
      cpuMicrosPerMessage: new Map([...cpu].map(([group, used]) => [group, (used * 1e6) / Math.max(1, rows)])),
      cpuCores: new Map([...cpu].map(([group, used]) => [group, used / seconds])),
      rssMiB: residentMiB(processes),
    },
  )
}
