import { Client, Connection, ScheduleAlreadyRunning, type ScheduleOptions } from '@temporalio/client'
import proto from '@temporalio/proto'
import { readConfig, temporalConfig } from '#infra/config/index.ts'
import { reconcile, taskQueue } from '#workflows/contracts.ts'

const { IndexedValueType } = proto.temporal.api.enums.v1

/** The columns by which operators filter; SQL visibility has room for 10 keywords, 3 whole numbers and 3 times. */
const searchAttributes = {
  ImTaskKind: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  ImState: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  ImConversationId: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  ImMessageId: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  ImUserId: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  ImErrorType: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  ImProvider: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  ImLag: IndexedValueType.INDEXED_VALUE_TYPE_INT,
  ImAttempts: IndexedValueType.INDEXED_VALUE_TYPE_INT,
  ImParkedAt: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
}

const retentionSeconds = 3 * 24 * 60 * 60
const timeoutMs = 10_000

const schedule = {
  scheduleId: reconcile.scheduleId,
  spec: { intervals: [{ every: reconcile.everyMs }] },
  action: { type: 'startWorkflow', workflowType: reconcile.workflowType, taskQueue },
  // What was missed while Temporal was away is one run, not many.
  policies: { overlap: 'SKIP', catchupWindow: '1 minute' },
} as const satisfies ScheduleOptions

/** Ensures the namespace, its search attributes and its schedule; safe to run at any time. */
export async function provisionTemporal(env: NodeJS.ProcessEnv): Promise<void> {
  const { GOCHAT_TEMPORAL_ADDRESS: address, GOCHAT_TEMPORAL_NAMESPACE: namespace } = readConfig(temporalConfig, env)
  const connection = await Connection.connect({ address, connectTimeout: timeoutMs })
  try {
    await connection.withDeadline(Date.now() + timeoutMs, async () => {
      await ensureNamespace(connection, namespace)
      await ensureSearchAttributes(connection, namespace)
      await ensureSchedule(new Client({ connection, namespace }))
    })
  } finally {
    await connection.close()
  }
}

async function ensureNamespace(connection: Connection, namespace: string): Promise<void> {
  try {
    await connection.workflowService.describeNamespace({ namespace })
  } catch {
    const workflowExecutionRetentionPeriod = { seconds: retentionSeconds as never }
    await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod })
  }
}

async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace })
  const missing = Object.entries(searchAttributes).filter(([name]) => customAttributes?.[name] === undefined)
  if (missing.length === 0) return
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing) })
}

/** A schedule that is there gets what it should be, and stays paused if an operator has paused it. */
async function ensureSchedule(client: Client): Promise<void> {
  try {
    await client.schedule.create(schedule)
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error
    await client.schedule.getHandle(schedule.scheduleId).update((present) => ({ ...present, ...schedule }))
  }
}
