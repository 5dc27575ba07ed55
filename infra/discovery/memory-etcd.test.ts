import assert from 'node:assert/strict'
import { test } from 'node:test'

import { etcdContract } from './etcd-contract.ts'
import { memoryEtcd } from './memory-etcd.ts'

etcdContract('memory', async () => memoryEtcd())

test('while unreachable calls fail and views stand still; afterwards they catch up', async () => {
  const etcd = memoryEtcd()
  const view = await etcd.watchPrefix('/a/')
  const lease = await etcd.grantLease(10)
  await etcd.put('/a/1', 'x', lease)
  etcd.setReachable(false)
  await assert.rejects(etcd.get('/a/1'), { code: 'UNAVAILABLE' })
  etcd.expireLease(lease)
  assert.equal(view.entries.size, 1)
  assert.equal(lease.lost.aborted, true)
  etcd.setReachable(true)
  assert.equal(view.entries.size, 0)
})
