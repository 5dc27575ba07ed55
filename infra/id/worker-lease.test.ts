import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Etcd, EtcdLease, MemoryEtcd } from '../discovery/index.ts'
import { memoryEtcd } from '../discovery/index.ts'
import { silentLogger, waitFor } from '../testing/index.ts'
import { createIdGenerator, leaseWorkerNumber } from './index.ts'

test('example: a process leases its worker number and makes ids with it', async () => {
  const etcd = memoryEtcd()
  await using lease = await start(etcd)
  const newId = createIdGenerator({ worker: () => lease.worker })
  assert.equal(Number((BigInt(newId()) >> 12n) & 1023n), lease.worker)
  assert.deepEqual(await holders(etcd), [`/gochat/workers/${lease.worker}`])
})

test('the last free number is found, after it there is none, and one given back is found again', async () => {
  const etcd = memoryEtcd()
  for (let worker = 0; worker < 1024; worker += 1) if (worker !== 700) await etcd.put(`/gochat/workers/${worker}`, 'x')
  const lease = await start(etcd)
  assert.equal(lease.worker, 700)
  await assert.rejects(start(etcd), { code: 'UNAVAILABLE' })
  await lease[Symbol.asyncDispose]()
  assert.equal((await start(etcd)).worker, 700)
})

test('a lost lease is leased again, with the same number when it is still free', async () => {
  const { etcd, granted } = spyOnLeases(memoryEtcd())
  await using lease = await start(etcd)
  const { worker } = lease
  etcd.expireLease(granted[0]!)
  assert.equal(lease.isHeld, false)
  await waitFor(() => lease.isHeld, { what: 'the next lease' })
  assert.equal(lease.worker, worker)
})

test('a lost number that another process took meanwhile is given up for a new one', async () => {
  const { etcd, granted } = spyOnLeases(memoryEtcd())
  await using lease = await start(etcd)
  const { worker } = lease
  etcd.setReachable(false)
  etcd.expireLease(granted[0]!)
  await new Promise(setImmediate)
  assert.deepEqual([lease.isHeld, lease.worker], [false, worker])
  etcd.setReachable(true)
  await etcd.put(`/gochat/workers/${worker}`, 'another-1')
  await waitFor(() => lease.isHeld, { what: 'the next lease' })
  assert.notEqual(lease.worker, worker)
})

test('disposing gives the number back, also while leasing again', async () => {
  const { etcd, granted } = spyOnLeases(memoryEtcd())
  const lease = await start(etcd)
  etcd.setReachable(false)
  etcd.expireLease(granted[0]!)
  await lease[Symbol.asyncDispose]()
  etcd.setReachable(true)
  assert.deepEqual(await holders(etcd), [])
  assert.equal(lease.isHeld, false)
})

test('etcd away at the start rejects', async () => {
  const etcd = memoryEtcd()
  etcd.setReachable(false)
  await assert.rejects(start(etcd), { code: 'UNAVAILABLE' })
})

function start(etcd: Etcd) {
  return leaseWorkerNumber({ etcd, instance: 'repo-1', log: silentLogger() })
}

async function holders(etcd: Etcd): Promise<string[]> {
  return (await etcd.getPrefix('/gochat/workers/')).map(({ key }) => key)
}

function spyOnLeases(etcd: MemoryEtcd): { etcd: MemoryEtcd; granted: EtcdLease[] } {
  const granted: EtcdLease[] = []
  const grantLease = async (ttlSeconds: number) => {
    const lease = await etcd.grantLease(ttlSeconds)
    granted.push(lease)
    return lease
  }
  return { etcd: { ...etcd, grantLease }, granted }
}
