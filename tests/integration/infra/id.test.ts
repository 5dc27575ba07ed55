import assert from 'node:assert/strict'
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

test('a number given back is gone from etcd at once, one of a process that died after its TTL', async () => {
  await using etcd = connectEtcd({ endpoints: stackEnv().etcdEndpoints, log })
  const lease = await leaseWorkerNumber({ etcd, instance: 'test-1', log })
  const key = `/gochat/workers/${lease.worker}`
  assert.equal((await etcd.get(key))?.value, 'test-1')
  await lease[Symbol.asyncDispose]()
  assert.equal(await etcd.get(key), undefined)

  const dying = connectEtcd({ endpoints: stackEnv().etcdEndpoints, log })
  const orphan = await leaseWorkerNumber({ etcd: dying, instance: 'test-2', log, ttlSeconds: 1 })
  await dying[Symbol.asyncDispose]()
  const isGone = async () => (await etcd.get(`/gochat/workers/${orphan.worker}`)) === undefined
  await waitFor(isGone, { timeoutMs: 10_000, what: 'the end of the lease' })
})
