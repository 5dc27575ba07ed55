import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { connectEtcd } from '#infra/discovery/index.ts'
import { createIdGenerator, leaseWorkerNumber } from '#infra/id/index.ts'
import { silentLogger, stackEnv, waitFor } from '#infra/testing/index.ts'

const log = silentLogger()

test('processes that start together lease different worker numbers from the real etcd and make different ids', async () => {
  await using etcd = connectEtcd({ endpoints: stackEnv().etcdEndpoints, log })
  await using stack = new AsyncDisposableStack()
  const starts = Array.from({ length: 20 }, (_, index) => leaseWorkerNumber({ etcd, instance: `test-${index}`, log }))
  const leases = (await Promise.all(starts)).map((lease) => stack.use(lease))
  assert.equal(new Set(leases.map(({ worker }) => worker)).size, leases.length)

  const generators = leases.map((lease) => createIdGenerator({ worker: () => lease.worker }))
  const ids = generators.flatMap((newId) => Array.from({ length: 1000 }, newId))
  assert.equal(new Set(ids).size, ids.length)
})

test('a number given back is gone from etcd at once', async () => {
  await using etcd = connectEtcd({ endpoints: stackEnv().etcdEndpoints, log })
  const lease = await leaseWorkerNumber({ etcd, instance: 'test-1', log })
  const key = `/gochat/workers/${lease.worker}`
  assert.equal((await etcd.get(key))?.value, 'test-1')
  await lease[Symbol.asyncDispose]()
  assert.equal(await etcd.get(key), undefined)
})

test('the number of a killed process is free after its TTL', async () => {
  await using etcd = connectEtcd({ endpoints: stackEnv().etcdEndpoints, log })
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/lease-holder.ts')], { timeout: 30_000 })
  const [key] = (await once(child.stdout, 'data')).map(String)
  assert.equal((await etcd.get(key ?? ''))?.value, 'lease-holder-1')
  child.kill('SIGKILL')
  await waitFor(async () => (await etcd.get(key ?? '')) === undefined, {
    timeoutMs: 15_000,
    what: 'the lease to expire',
  })
})
