import { setTimeout as sleep } from 'node:timers/promises'
import { Client, Connection } from '@temporalio/client'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { groupFanout } from '#workflows/contracts.ts'

/** What the settling of one conversation came to, between start() and the end. */
export interface Settling {
  readonly rounds: number
  /** Members that got an outcome, each once a round. */
  readonly settled: number
  /** Those of them who were away. */
  readonly away: number
  /** Away members a second, while a round was open. */
  readonly awayPerSecond: number
}

export interface SettlingWatch extends AsyncDisposable {
  readonly startedAt: Date
  start(): void
  /** Resolves when the cursor is at the head. */
  untilSettled(timeoutMs: number): Promise<void>
  report(): Settling
}

interface Sample {
  readonly rounds: number
  readonly settled: number
  readonly away: number
  readonly isOpen: boolean
  readonly isSettled: boolean
}

const sampleEveryMs = 50
const outcomes = ['live', 'repaired', 'pushed', 'muted', 'parked', 'skipped']
const sumOf = (names: readonly string[]) => names.map((name) => `c.total_${name} + c.round_${name}`).join(' + ')

/** Reads the cursor again and again: the truth, whatever the workflow says of itself. */
export async function watchSettling(mysqlUrl: string, conversationId: string): Promise<SettlingWatch> {
  const connection = await createConnection({ uri: mysqlUrl, connectTimeout: 5000 })
  const closing = new AbortController()
  let startedAt = new Date()
  let latest = await read()
  let first = latest
  let openMs = 0
  const loop = sample()

  async function read(): Promise<Sample> {
    const sql = `SELECT c.rounds, ${sumOf(outcomes)} AS settled, ${sumOf(['pushed', 'muted'])} AS away, c.round_seq > 0 AS is_open,
  c.settled_seq = k.last_seq AS is_settled
FROM fanout_cursors c JOIN conversations k ON k.id = c.conversation_id WHERE c.conversation_id = ?`
    const [rows] = await connection.query<RowDataPacket[]>({ sql, timeout: 5000 }, [conversationId])
    const row: Partial<RowDataPacket> = rows[0] ?? {}
    return {
      rounds: Number(row['rounds'] ?? 0),
      settled: Number(row['settled'] ?? 0),
      away: Number(row['away'] ?? 0),
      isOpen: Boolean(row['is_open']),
      isSettled: Boolean(row['is_settled']),
    }
  }

  async function sample(): Promise<void> {
    for (let atMs = performance.now(); !closing.signal.aborted;) {
      await sleep(sampleEveryMs)
      const nowMs = performance.now()
      const now = await read()
      if (latest.isOpen || now.isOpen) openMs += nowMs - atMs
      latest = now
      atMs = nowMs
    }
  }

  return {
    get startedAt() {
      return startedAt
    },
    start() {
      startedAt = new Date()
      first = latest
      openMs = 0
    },
    async untilSettled(timeoutMs) {
      for (const end = performance.now() + timeoutMs; !(await read()).isSettled;) {
        if (performance.now() > end) throw new Error('the members were not settled in time')
        await sleep(sampleEveryMs)
      }
      await sleep(2 * sampleEveryMs)
    },
    report() {
      const away = latest.away - first.away
      return {
        rounds: latest.rounds - first.rounds,
        settled: latest.settled - first.settled,
        away,
        awayPerSecond: openMs === 0 ? 0 : away / (openMs / 1000),
      }
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      await loop
      await connection.end()
    },
  }
}

/** What a fan-out has written into its histories, in all runs since a time. */
export interface HistoryCounts {
  readonly workflowTasksPerMessage: number
  readonly eventsPerMessage: number
}

export async function countHistory(
  { address, namespace }: { readonly address: string; readonly namespace: string },
  conversationId: string,
  since: Date,
  messages: number,
): Promise<HistoryCounts> {
  const connection = await Connection.connect({ address })
  try {
    const { workflow } = new Client({ connection, namespace })
    let tasks = 0
    let events = 0
    const query = `WorkflowId="${groupFanout.workflowId(conversationId)}"`
    for await (const { workflowId, runId } of workflow.list({ query })) {
      const history = await workflow.getHandle(workflowId, runId).fetchHistory()
      for (const { eventTime, workflowTaskCompletedEventAttributes: completed } of history.events ?? []) {
        if (Number(eventTime?.seconds ?? 0) * 1000 < since.getTime() - 1000) continue
        events++
        if (completed) tasks++
      }
    }
    return { workflowTasksPerMessage: tasks / messages, eventsPerMessage: events / messages }
  } finally {
    await connection.close()
  }
}
