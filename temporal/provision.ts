import { Connection } from '@temporalio/client'
import proto from '@temporalio/proto'
import { readConfig, temporalConfig } from '#infra/config/index.ts'

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

/** Ensures the namespace and its search attributes; safe to run at any time. */
export async function provisionTemporal(env: NodeJS.ProcessEnv): Promise<void> {
  const { GOCHAT_TEMPORAL_ADDRESS: address, GOCHAT_TEMPORAL_NAMESPACE: namespace } = readConfig(temporalConfig, env)
  const connection = await Connection.connect({ address, connectTimeout: timeoutMs })
  try {
    await connection.withDeadline(Date.now() + timeoutMs, async () => {
      await ensureNamespace(connection, namespace)
      await ensureSearchAttributes(connection, namespace)
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
