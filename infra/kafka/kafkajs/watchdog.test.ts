import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fakeClock } from '../../testing/index.ts'
import { startWatchdog } from './watchdog.ts'

function setUp() {
  const clock = fakeClock()
  const state = { lastSign: clock.now(), isReachable: true, probes: 0, stalls: 0 }
  const watchdog = startWatchdog({
    lastSign: () => state.lastSign,
    quietMs: () => 10_000,
    async probe() {
      state.probes += 1
      if (!state.isReachable) throw new Error('unreachable')
    },
    onStall: () => (state.stalls += 1),
    now: clock.now,
  })
  async function pass(seconds: number) {
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(1000)
      await watchdog.check()
    }
  }
  return { state, clock, pass, watchdog }
}

describe('watchdog', () => {
  it('reports once a consumer that is silent beside a broker that answers', async () => {
    await using context = disposing(setUp())
    await context.pass(20)
    assert.equal(context.state.stalls, 0)
    await context.pass(30)
    assert.equal(context.state.stalls, 1)
  })

  it('asks nothing while fetches come back', async () => {
    await using context = disposing(setUp())
    for (let turn = 0; turn < 10; turn += 1) {
      await context.pass(9)
      context.state.lastSign = context.clock.now()
    }
    assert.deepEqual([context.state.probes, context.state.stalls], [0, 0])
  })

  it('does not end the process because the broker is away, and gives the client time once it is back', async () => {
    await using context = disposing(setUp())
    context.state.isReachable = false
    await context.pass(300)
    context.state.isReachable = true
    await context.pass(8)
    assert.equal(context.state.stalls, 0)
    context.state.lastSign = context.clock.now()
    await context.pass(9)
    assert.equal(context.state.stalls, 0)
  })

  it('a fetch that comes back while the probe runs clears the suspicion', async () => {
    await using context = disposing(setUp())
    await context.pass(20)
    context.state.lastSign = context.clock.now()
    await context.pass(5)
    assert.equal(context.state.stalls, 0)
  })
})

function disposing(context: ReturnType<typeof setUp>) {
  return { ...context, [Symbol.asyncDispose]: () => context.watchdog[Symbol.asyncDispose]() }
}
