import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryEtcd } from '#infra/discovery/index.ts'
import { silentLogger, waitFor } from '#infra/testing/index.ts'
import { watchSlots } from './slot-view.ts'
import { leaseSlot } from './slots.ts'

function gateway(etcd: ReturnType<typeof memoryEtcd>, instance: string, signal = AbortSignal.timeout(5000)) {
  return leaseSlot({ etcd, slots: 2, instance, address: '127.0.0.1:1', log: silentLogger(), signal })
}

test('example: gateways get different slots, each with an epoch of its own, and everyone sees them', async () => {
  const etcd = memoryEtcd()
  const first = await gateway(etcd, 'gateway-1')
  const second = await gateway(etcd, 'gateway-2')
  assert.deepEqual([first.slot, second.slot], [0, 1])
  assert.ok(second.epoch > first.epoch)

  await using view = await watchSlots(etcd)
  assert.deepEqual(view.live(), [
    { slot: 0, epoch: first.epoch },
    { slot: 1, epoch: second.epoch },
  ])
})

test('a slot that is leased again has a higher epoch', async () => {
  const etcd = memoryEtcd()
  await using view = await watchSlots(etcd)
  const first = await gateway(etcd, 'gateway-1')
  await first[Symbol.asyncDispose]()
  const again = await gateway(etcd, 'gateway-2')
  assert.equal(again.slot, first.slot)
  assert.ok(again.epoch > first.epoch)
  assert.equal(view.epochOf(0), again.epoch)
})

test('with every slot taken a gateway waits for a free one, and gives up when told to', async () => {
  const etcd = memoryEtcd()
  const first = await gateway(etcd, 'gateway-1')
  await gateway(etcd, 'gateway-2')
  const stop = new AbortController()
  const waiting = gateway(etcd, 'gateway-3', stop.signal)
  await first[Symbol.asyncDispose]()
  const third = await waiting
  assert.equal(third.slot, first.slot)

  const inVain = gateway(etcd, 'gateway-4', stop.signal)
  stop.abort(new Error('enough'))
  await assert.rejects(inVain)
})

test('etcd away: a gateway waits for it, and the view keeps what it knew', async () => {
  const etcd = memoryEtcd()
  await using view = await watchSlots(etcd)
  const first = await gateway(etcd, 'gateway-1')
  etcd.setReachable(false)
  const waiting = gateway(etcd, 'gateway-2')
  assert.deepEqual(view.live(), [{ slot: first.slot, epoch: first.epoch }])
  etcd.setReachable(true)
  await waiting
  await waitFor(() => view.live().length === 2, { what: 'both in view' })
})

test('a slot whose key has gone is not live, but its epoch is remembered: its gateway may still read', async () => {
  const etcd = memoryEtcd()
  await using view = await watchSlots(etcd)
  const first = await gateway(etcd, 'gateway-1')
  await first[Symbol.asyncDispose]()
  assert.deepEqual(view.live(), [])
  assert.equal(view.epochOf(first.slot), first.epoch)
})
