import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#infra/testing/index.ts'
import { defaultLiveSettings } from '#delivery/live-settings.ts'
import { addressKey, createRates, isLoopback } from './rates.ts'

const ip = '203.0.113.7'

test('example: ten messages a second pass, the eleventh is told how long to wait, and passes then', () => {
  const clock = fakeClock()
  const rates = createRates({ profile: 'standard', now: clock.now })
  assert.equal(rates.takeSend('1', ip, 10), 0)
  const waitMs = rates.takeSend('1', ip, 1)
  assert.ok(waitMs > 0)
  assert.equal(rates.takeSend('2', ip, 1), 0, 'another user has an allowance of its own')
  clock.advance(waitMs - 1)
  assert.equal(rates.takeSend('1', ip, 1), 1)
  clock.advance(1)
  assert.equal(rates.takeSend('1', ip, 1), 0)
})

test('over any second no more than the rate passes, also across the border of two windows', () => {
  const clock = fakeClock()
  const rates = createRates({ profile: 'standard', now: clock.now })
  const passedAt: number[] = []
  for (let step = 0; step < 500; step += 1) {
    if (rates.takeRequest(ip).waitMs === 0) passedAt.push(clock.now())
    clock.advance(7)
  }
  for (const start of passedAt) {
    const inSecond = passedAt.filter((at) => at >= start && at < start + 1000).length
    assert.ok(inSecond <= 2 * 50, `${inSecond} in a second`)
  }
  const perSecond = passedAt.length / ((500 * 7) / 1000)
  assert.ok(perSecond > 45 && perSecond < 65, `${perSecond} a second on average`)
})

test('the longer windows of a send hold as well, and what one window refuses is not taken from the others', () => {
  const clock = fakeClock()
  const rates = createRates({ profile: 'standard', now: clock.now })
  let passed = 0
  for (let second = 0; second < 60; second += 1) {
    for (let i = 0; i < 30; i += 1) if (rates.takeSend('1', ip, 1) === 0) passed += 1
    clock.advance(1000)
  }
  assert.equal(passed, 100)
})

test('a frame larger than a window takes the whole window and passes when nothing else did', () => {
  const clock = fakeClock()
  const rates = createRates({ profile: 'standard', now: clock.now })
  assert.equal(rates.takeSend('1', ip, 50), 0)
  assert.ok(rates.takeSend('1', ip, 1) > 0)
  clock.advance(2000)
  assert.equal(rates.takeSend('1', ip, 50), 0)
})

test('logins count per address and per name', () => {
  const clock = fakeClock()
  const rates = createRates({ profile: 'standard', now: clock.now })
  for (let i = 0; i < 10; i += 1) assert.equal(rates.takeLogin(`203.0.113.${i}`, 'ann'), 0)
  assert.ok(rates.takeLogin('203.0.113.99', 'ann') > 0, 'the name is used up')
  assert.equal(rates.takeLogin('203.0.113.99', 'bob'), 0)
  for (let i = 0; i < 8; i += 1) assert.equal(rates.takeLogin('203.0.113.99', `user-${i}`), 0)
  assert.ok(rates.takeLogin('203.0.113.99', 'eve') > 0, 'the address is used up')
})

test('the loopback profile raises the rates for 127.0.0.0/8 only; the standard profile for nobody', () => {
  const clock = fakeClock()
  const loopback = createRates({ profile: 'loopback', now: clock.now })
  for (let i = 0; i < 1000; i += 1) assert.equal(loopback.takeRequest('127.0.0.1').waitMs, 0)
  assert.equal(loopback.takeRequest('127.0.0.1').limit, 100_000)
  assert.equal(loopback.takeRequest(ip).limit, 50)
  assert.equal(createRates({ profile: 'standard', now: clock.now }).takeRequest('127.0.0.1').limit, 50)
})

test('a loopback address is one by its digits, not by how its text begins', () => {
  for (const address of ['127.0.0.1', '127.255.3.4', '::ffff:127.0.0.1']) assert.ok(isLoopback(address), address)
  for (const address of ['128.0.0.1', '127.evil.example', '10.127.0.1', '', '::1'])
    assert.ok(!isLoopback(address), address)
})

test('an IPv6 host counts by its /64, an IPv4 address as itself', () => {
  assert.equal(addressKey('2001:db8:1:2:3:4:5:6'), addressKey('2001:db8:1:2::9'))
  assert.notEqual(addressKey('2001:db8:1:2::9'), addressKey('2001:db8:1:3::9'))
  assert.equal(addressKey('::1'), '0:0:0:0')
  assert.equal(addressKey('::ffff:203.0.113.7'), '203.0.113.7')
})

test('a clock that goes back neither blocks nor frees anybody', () => {
  const clock = fakeClock()
  const rates = createRates({ profile: 'standard', now: clock.now })
  assert.equal(rates.takeSend('1', ip, 10), 0)
  clock.advance(-5000)
  assert.ok(rates.takeSend('1', ip, 1) > 0)
  clock.advance(7000)
  assert.equal(rates.takeSend('1', ip, 1), 0)
})

test('changed rates hold at once, and are the ones that are published', () => {
  const rates = createRates({ profile: 'standard', now: fakeClock().now })
  const changed = { ...defaultLiveSettings.rates, sends: [{ points: 2, seconds: 1 }] }
  rates.change(changed)
  assert.equal(rates.takeSend('1', ip, 2), 0)
  assert.ok(rates.takeSend('1', ip, 1) > 0)
  assert.equal(rates.standard, changed)
})
