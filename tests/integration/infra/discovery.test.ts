import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Etcd3 } from 'etcd3'

import { connectEtcd, createEtcdRegistry, watchHosts, type Etcd } from '#infra/discovery/index.ts'
import { etcdContract } from '#infra/discovery/etcd-contract.ts'
import { recordingLogger, silentLogger, stackEnv, waitFor } from '#infra/testing/index.ts'

import { startProxy, type Proxy } from './proxy.ts'

const log = silentLogger()
const endpoints = stackEnv().etcdEndpoints
const unique = `test-${process.pid}-${Date.now()}`

etcdContract('etcd', async () => connectEtcd({ endpoints, log }))

test('an absent etcd is UNAVAILABLE or too late, within the timeout', async () => {
  await using etcd = connectEtcd({ endpoints: ['127.0.0.1:1'], log, timeoutMs: 500 })
  const startedAt = performance.now()
  const unreachable = { code: /UNAVAILABLE|DEADLINE_EXCEEDED/ }
  await assert.rejects(etcd.get('x'), unreachable)
  await assert.rejects(etcd.grantLease(5), unreachable)
  await assert.rejects(etcd.watchPrefix('x'), unreachable)
  assert.ok(performance.now() - startedAt < 3_000)
})

test('a view catches up with everything that happened while etcd was away', async () => {
  await using direct = connectEtcd({ endpoints, log })
  await using lossy = await throughProxy()
  const prefix = `/gochat/${unique}/view/`
  for (const name of ['changed', 'deleted', 'same']) await direct.put(prefix + name, 'before')
  await using view = await lossy.etcd.watchPrefix(prefix)

  lossy.proxy.close()
  await direct.put(`${prefix}changed`, 'after')
  await direct.delete(`${prefix}deleted`)
  await direct.put(`${prefix}new`, 'after')
  assert.equal(view.entries.size, 3, 'the last view stays')
  lossy.proxy.open()
  await waitFor(() => view.entries.get(`${prefix}new`) !== undefined, {
    what: 'the view to catch up',
    timeoutMs: 10_000,
  })
  const values = [...view.entries.values()].map(({ key, value }) => `${key.slice(prefix.length)}=${value}`)
  assert.deepEqual(values.toSorted(), ['changed=after', 'new=after', 'same=before'])

  await direct.put(`${prefix}live`, 'again')
  await waitFor(() => view.entries.has(`${prefix}live`), { what: 'the watch to work again' })
})

test('a view survives that etcd forgot the revisions it missed', async () => {
  await using direct = connectEtcd({ endpoints, log })
  await using lossy = await throughProxy()
  const prefix = `/gochat/${unique}/compacted/`
  await direct.put(`${prefix}deleted`, 'before')
  await using view = await lossy.etcd.watchPrefix(prefix)
  lossy.proxy.close()
  await direct.delete(`${prefix}deleted`)
  const revision = await direct.put(`${prefix}new`, 'after')
  await compact(revision)
  lossy.proxy.open()
  await waitFor(() => view.entries.has(`${prefix}new`), { what: 'the view to catch up', timeoutMs: 10_000 })
  assert.equal(view.entries.size, 1)
  await direct.put(`${prefix}live`, 'again')
  await waitFor(() => view.entries.has(`${prefix}live`), { what: 'the watch to work again' })
})

test('a lease outlives a short outage', async () => {
  await using lossy = await throughProxy()
  await using direct = connectEtcd({ endpoints, log })
  const key = `/gochat/${unique}/short`
  const lease = await lossy.etcd.grantLease(4)
  await lossy.etcd.put(key, 'held', lease)
  lossy.proxy.close()
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  lossy.proxy.open()
  await new Promise((resolve) => setTimeout(resolve, 5_000))
  assert.equal(lease.lost.aborted, false)
  assert.equal((await direct.get(key))?.value, 'held')
  await lease.revoke()
})

test('a lease that cannot be renewed is lost one TTL after its last renewal, and the log is not flooded', async () => {
  const { log: recorder, lines } = recordingLogger()
  await using lossy = await throughProxy(recorder)
  const lease = await lossy.etcd.grantLease(2)
  lossy.proxy.close()
  const startedAt = performance.now()
  await waitFor(() => lease.lost.aborted, { what: 'the loss', timeoutMs: 5_000 })
  const afterMs = performance.now() - startedAt
  assert.ok(afterMs > 1_000 && afterMs < 2_300, `lost after ${afterMs} ms`)
  assert.ok(lines.length <= 5, `${lines.length} lines`)
})

test('a registration survives the loss of its lease, and a dead one goes within its TTL', async () => {
  await using direct = connectEtcd({ endpoints, log })
  await using lossy = await throughProxy()
  await using hosts = await watchHosts(direct, unique, log)
  const registry = createEtcdRegistry(lossy.etcd, { leaseTtlSeconds: 2, log })
  await using registration = await registry.register(unique, 'one', '127.0.0.1:7')
  await waitFor(() => hosts.current().length === 1, { what: 'the registration' })
  lossy.proxy.close()
  await waitFor(() => hosts.current().length === 0, { what: 'etcd to let it go', timeoutMs: 8_000 })
  assert.equal(registration.isRegistered, false)
  lossy.proxy.open()
  await waitFor(() => hosts.current().length === 1, { what: 'the registration to come back', timeoutMs: 15_000 })
})

async function compact(revision: number): Promise<void> {
  const client = new Etcd3({ hosts: [...endpoints] })
  try {
    await client.kv.compact({ revision, physical: true })
  } finally {
    client.close()
  }
}

async function throughProxy(ownLog = log): Promise<{ etcd: Etcd; proxy: Proxy } & AsyncDisposable> {
  const [host = '', port] = (endpoints[0] ?? '').replace(/^https?:\/\//, '').split(':')
  const proxy = await startProxy(host, Number(port))
  const etcd = connectEtcd({ endpoints: [`127.0.0.1:${proxy.port}`], log: ownLog })
  return {
    etcd,
    proxy,
    async [Symbol.asyncDispose]() {
      await etcd[Symbol.asyncDispose]()
      await proxy[Symbol.asyncDispose]()
    },
  }
}
