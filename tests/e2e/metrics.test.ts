import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { waitFor } from '#infra/testing/index.ts'
import { imState } from '#workflows/search-attributes.ts'
import { metricNames, readExposition, type Exposition } from '../support/exposition.ts'
import { openSystem } from '../support/system.ts'
import { connectTemporal } from '../support/temporal.ts'

const system = await openSystem()
await system.waitUntilWell()
const observability = resolve(import.meta.dirname, '../../observability')
/** Bounded by routes, methods, statuses and buckets, also after other tests have tried every refusal of every route. */
const maxSeries = 4000

/** What each process must show, besides itself. */
const required: Record<string, readonly string[]> = {
  gateway: [
    'gochat_gateway_connections',
    'gochat_gateway_frames_received_total',
    'gochat_gateway_frames_sent_total',
    'gochat_gateway_ack_seconds',
    'gochat_gateway_http_request_seconds',
    'gochat_gateway_http_requests_total',
    'gochat_gateway_commands_failed_total',
    'gochat_kafka_lag_records',
    'gochat_redis_connected',
    'gochat_rpc_client_seconds',
  ],
  logic: [
    'gochat_logic_commands_total',
    'gochat_logic_command_age_seconds',
    'gochat_kafka_lag_records',
    'gochat_redis_connected',
    'gochat_rpc_server_seconds',
  ],
  repo: [
    'gochat_mysql_pool_busy',
    'gochat_mysql_pool_waiting',
    'gochat_mysql_pool_limit',
    'gochat_mysql_connections_failed_total',
    'gochat_mysql_query_seconds',
    'gochat_redis_memory_used_bytes',
    'gochat_redis_memory_max_bytes',
    'gochat_redis_keyspace_hits',
    'gochat_redis_keyspace_misses',
    'gochat_repo_cache_requests_total',
  ],
  tasks: ['gochat_tasks_open', 'gochat_tasks_parked', 'gochat_rpc_server_seconds'],
  worker: ['gochat_fanout_settled_total', 'gochat_redis_connected', 'gochat_rpc_client_seconds'],
  dispatcher: ['gochat_dispatcher_pokes_total', 'gochat_kafka_lag_records'],
}
const ofEveryProcess = [
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  'nodejs_eventloop_lag_p99_seconds',
  'gochat_event_loop_busy_ratio',
]
const forbiddenLabels = /[{,](?:user|user_id|conversation|conversation_id|connection|name|path|message)="/i

async function scrape(): Promise<{ name: string; role: string; shown: Exposition }[]> {
  const { processes } = await system.supervisor.status()
  const ours = processes.filter(({ ports }) => ports['admin'] !== undefined)
  return Promise.all(
    ours.map(async ({ name, ports }) => {
      const response = await fetch(`http://127.0.0.1:${ports['admin']}/metrics`, { signal: AbortSignal.timeout(5000) })
      return { name, role: name.replace(/-\d+$/, ''), shown: readExposition(await response.text()) }
    }),
  )
}

test('every process shows what it must, numbers only, in a bounded number of series', async () => {
  const all = await scrape()
  assert.deepEqual([...new Set(all.map(({ role }) => role))].toSorted(), Object.keys(required).toSorted())
  for (const { name, role, shown } of all) {
    const missing = [...required[role]!, ...ofEveryProcess].filter((metric) => !shown.names.has(metric))
    assert.deepEqual(missing, [], name)
    assert.deepEqual(
      shown.samples.filter((line) => line.endsWith(' NaN') || line.endsWith(' Nan')),
      [],
      name,
    )
    assert.ok(shown.samples.length < maxSeries, `${name} has ${shown.samples.length} series`)
    assert.deepEqual(
      shown.samples.filter((line) => forbiddenLabels.test(line)),
      [],
      name,
    )
  }
})

test("Redis' memory has a value", async () => {
  await waitFor(async () => [...(await system.metric('gochat_redis_memory_used_bytes')).values()].some((n) => n > 0), {
    timeoutMs: 60_000,
    what: "Redis' memory",
  })
})

test('a dead letter that waits for somebody counts as open and as parked, as Temporal counts it', async () => {
  await using temporal = await connectTemporal()
  const { workflow } = temporal.client
  const parked = await workflow.start('deadLetter', {
    workflowId: `dlq/metrics-${randomUUID()}`,
    taskQueue: 'nobody-works-here',
    typedSearchAttributes: [{ key: imState, value: 'parked' }],
    workflowExecutionTimeout: '5 minutes',
  })
  await using _ = { [Symbol.asyncDispose]: async () => void (await parked.terminate()) }
  const open = 'WorkflowType = "deadLetter" AND ExecutionStatus = "Running"'
  await showsCount('gochat_tasks_open', 'kind="deadLetter"', async () => (await workflow.count(open)).count)
  await showsCount(
    'gochat_tasks_parked',
    '',
    async () => (await workflow.count(`${open} AND ImState = "parked"`)).count,
  )
})

test('the board and the rules name only metrics that are there', async () => {
  const shown = new Set((await scrape()).flatMap((process) => [...process.shown.names]))
  for (const file of ['grafana/gochat.json', 'prometheus/rules.yml']) {
    const names = metricNames(await readFile(resolve(observability, file), 'utf8'))
    assert.ok(names.length > 3, file)
    assert.deepEqual(
      names.filter((name) => !shown.has(name)),
      [],
      file,
    )
  }
})

async function showsCount(name: string, label: string, count: () => Promise<number>): Promise<void> {
  await waitFor(
    async () => {
      const shown = [...(await system.metric(name, label)).values()].reduce((sum, n) => sum + n, 0)
      return shown > 0 && shown === (await count())
    },
    { timeoutMs: 60_000, what: `${name} with what Temporal counts` },
  )
}
