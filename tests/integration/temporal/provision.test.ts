import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { Client, Connection } from '@temporalio/client'
import { stackEnv, waitFor } from '#infra/testing/index.ts'
import { provisionTemporal } from '#temporal/provision.ts'
import { reconcile } from '#workflows/contracts.ts'

test('a namespace is made whole in any number of starts, and a schedule that an operator paused stays paused', async () => {
  const { temporalAddress: address } = stackEnv()
  const namespace = `provision-${randomUUID()}`
  const env = { ...process.env, GOCHAT_TEMPORAL_NAMESPACE: namespace }
  // A new namespace is not known everywhere at once: a worker that starts tries again too.
  await waitFor(() => provisionTemporal(env).then(() => true), { timeoutMs: 30_000, pollMs: 500, what: 'a namespace' })
  const connection = await Connection.connect({ address })
  try {
    const schedule = new Client({ connection, namespace }).schedule.getHandle(reconcile.scheduleId)
    await schedule.pause()
    await provisionTemporal(env)
    const { spec, policies, action, state } = await schedule.describe()
    assert.equal(spec.intervals?.[0]?.every, reconcile.everyMs)
    assert.deepEqual([policies.overlap, action.type, state.paused], ['SKIP', 'startWorkflow', true])
    await schedule.delete()
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace })
    assert.ok(customAttributes !== undefined && 'ImParkedAt' in customAttributes)
    await connection.operatorService.deleteNamespace({ namespace })
  } finally {
    await connection.close()
  }
})
