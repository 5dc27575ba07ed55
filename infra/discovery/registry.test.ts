import assert from 'node:assert/strict'
import { test } from 'node:test'

import { recordingLogger, silentLogger, waitFor } from '#infra/testing/index.ts'

import type { EtcdLease } from './etcd.ts'
import { staticHosts, watchHosts } from './hosts.ts'
import { memoryEtcd, type MemoryEtcd } from './memory-etcd.ts'
import { createEtcdRegistry } from './registry.ts'

const log = silentLogger()

test('example: a registered instance is seen, drains, and goes', async () => {
  await using etcd = memoryEtcd()
  await using hosts = await watchHosts(etcd, 'repo', log)
  const seen: string[] = []
  hosts.onChange(() => seen.push(JSON.stringify(hosts.current())))

  const registration = await createEtcdRegistry(etcd, { log }).register('repo', 'repo-1', '127.0.0.1:7')
  assert.deepEqual(hosts.current(), [{ instance: 'repo-1', address: '127.0.0.1:7', draining: false }])
  await registration.setDraining()
  assert.deepEqual(hosts.current(), [{ instance: 'repo-1', address: '127.0.0.1:7', draining: true }])
  await registration[Symbol.asyncDispose]()
  assert.deepEqual(hosts.current(), [])
  assert.equal(seen.length, 3)
  assert.equal(registration.isRegistered, false)
})

test('services do not see each other, also when one name begins with the other', async () => {
  await using etcd = memoryEtcd()
  const registry = createEtcdRegistry(etcd, { log })
  await registry.register('repo', 'repo-1', 'a:1')
  await registry.register('repo-archive', 'archive-1', 'b:1')
  await using hosts = await watchHosts(etcd, 'repo', log)
  assert.deepEqual(
    hosts.current().map(({ instance }) => instance),
    ['repo-1'],
  )
})

test('a lost lease is followed by a new registration, still draining if it was', async () => {
  const { etcd, leases } = recordLeases()
  await using hosts = await watchHosts(etcd, 'repo', log)
  await using registration = await createEtcdRegistry(etcd, { log }).register('repo', 'repo-1', 'a:1')
  await registration.setDraining()
  etcd.expireLease(leases[0]!)
  assert.deepEqual(hosts.current(), [])
  assert.equal(registration.isRegistered, false)
  await waitFor(() => hosts.current().length === 1, { what: 'the new registration' })
  assert.equal(hosts.current()[0]?.draining, true)
  assert.equal(leases.length, 2)
})

test('while etcd is away the list stays, and a registration comes back by itself afterwards', async () => {
  const { etcd, leases } = recordLeases()
  await using hosts = await watchHosts(etcd, 'repo', log)
  await using registration = await createEtcdRegistry(etcd, { log }).register('repo', 'repo-1', 'a:1')
  etcd.setReachable(false)
  etcd.expireLease(leases[0]!)
  assert.equal(hosts.current().length, 1, 'unknown is not dead')
  await registration.setDraining()
  etcd.setReachable(true)
  await waitFor(() => registration.isRegistered && hosts.current()[0]?.draining === true, {
    what: 'the new registration',
  })
})

test('disposing while etcd is away ends, and nothing is registered later', async () => {
  const { etcd, leases } = recordLeases()
  const registration = await createEtcdRegistry(etcd, { log }).register('repo', 'repo-1', 'a:1')
  etcd.setReachable(false)
  etcd.expireLease(leases[0]!)
  await registration[Symbol.asyncDispose]()
  etcd.setReachable(true)
  await new Promise((resolve) => setTimeout(resolve, 30))
  assert.deepEqual(await etcd.getPrefix('/gochat/services/'), [])
})

test('registering without etcd fails at once', async () => {
  const etcd = memoryEtcd()
  etcd.setReachable(false)
  await assert.rejects(createEtcdRegistry(etcd, { log }).register('repo', 'repo-1', 'a:1'), { code: 'UNAVAILABLE' })
})

test('a registration that cannot be read is left out and logged', async () => {
  await using etcd = memoryEtcd()
  const { log: recorder, lines } = recordingLogger()
  await etcd.put('/gochat/services/repo/bad', 'not json')
  await etcd.put('/gochat/services/repo/worse', '{"address":5}')
  await createEtcdRegistry(etcd, { log }).register('repo', 'good', 'a:1')
  await using hosts = await watchHosts(etcd, 'repo', recorder)
  assert.deepEqual(
    hosts.current().map(({ instance }) => instance),
    ['good'],
  )
  assert.equal(lines.length, 2)
})

test('a static list has its addresses and never changes', () => {
  assert.deepEqual(staticHosts(['a:1']).current(), [{ instance: 'a:1', address: 'a:1', draining: false }])
})

function recordLeases(): { etcd: MemoryEtcd; leases: EtcdLease[] } {
  const leases: EtcdLease[] = []
  const etcd = memoryEtcd()
  const grant = etcd.grantLease
  etcd.grantLease = async (ttlSeconds) => {
    const lease = await grant(ttlSeconds)
    leases.push(lease)
    return lease
  }
  return { etcd, leases }
}
