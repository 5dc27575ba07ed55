import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watchSlots } from '#delivery/slot-view.ts'
import { leaseSlot, slotKey } from '#delivery/slots.ts'
import { connectEtcd } from '#infra/discovery/index.ts'
import { silentLogger, stackEnv, waitFor } from '#infra/testing/index.ts'

const log = silentLogger()

test('example: two gateways lease different slots in etcd, and a released one comes back with a higher epoch', async () => {
  await using etcd = connectEtcd({ endpoints: stackEnv().etcdEndpoints, log })
  await using view = await watchSlots(etcd)
  // Far above the slots that gateways of other tests take.
  const options = {
    etcd,
    slots: 1000,
    preferred: 900,
    instance: 'test',
    address: '-',
    log,
    signal: AbortSignal.timeout(5000),
  }
  const first = await leaseSlot(options)
  await using second = await leaseSlot(options)
  assert.notEqual(first.slot, second.slot)
  await waitFor(() => view.epochOf(second.slot) === second.epoch, { what: 'the second slot in view' })
  await first[Symbol.asyncDispose]()
  await waitFor(() => view.live().every(({ slot }) => slot !== first.slot), { what: 'the first slot to go' })
  await using again = await leaseSlot({ ...options, preferred: first.slot })
  assert.equal(again.slot, first.slot)
  assert.ok(again.epoch > first.epoch)
})

test('the epoch is the revision under which etcd holds the key', async () => {
  await using etcd = connectEtcd({ endpoints: stackEnv().etcdEndpoints, log })
  const signal = AbortSignal.timeout(5000)
  await using lease = await leaseSlot({
    etcd,
    slots: 1000,
    preferred: 950,
    instance: 'test',
    address: '-',
    log,
    signal,
  })
  assert.equal((await etcd.get(slotKey(lease.slot)))?.revision, lease.epoch)
})
