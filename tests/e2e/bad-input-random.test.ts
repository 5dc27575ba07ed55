import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waitFor } from '#infra/testing/index.ts'
import { goodFrames } from '../support/bad-input/frames.ts'
import { createChance, maskedFrame, mutate } from '../support/bad-input/mutate.ts'
import { openRawSocket } from '../support/bad-input/raw-socket.ts'
import { openRawTcp, upgradeRawTcp } from '../support/bad-input/raw-tcp.ts'
import { createStage, tooLargeId } from '../support/bad-input/stage.ts'
import { watch } from '../support/bad-input/watch.ts'
import { inParallel } from '../support/in-parallel.ts'
import { openSystem } from '../support/system.ts'

/** The same bytes every time. */
const seed = 20_261_123
/** In a minute; one more ends the connection. */
const maxWrongFrames = 10

const system = await openSystem()
const stage = await createStage(system)
const { ann, foreign } = stage
const health = await watch(system)
const before = await stage.snapshot()
const connections = async () =>
  [...(await system.metric('gochat_gateway_connections')).values()].reduce((sum, count) => sum + count, 0)
const connectionsBefore = await connections()

test(
  '30 000 random and mutated frames, 10 000 of them read to the end: the gateway answers or closes, and lives',
  { timeout: 180_000 },
  async (t) => {
    const chance = createChance(seed)
    const frames = Object.values(goodFrames(stage, foreign.group)).flat()
    const seeds = frames.filter(({ t }) => t !== 'auth').map((frame) => Buffer.from(JSON.stringify(frame)))
    const styles: Record<string, () => Buffer> = {
      // Valid UTF-8, so that the gateway reads all ten of them.
      text: () => maskedFrame(Buffer.from(mutate(chance.pick(seeds), chance).toString()), chance),
      payload: () => maskedFrame(mutate(chance.pick(seeds), chance), chance, chance.int(4) === 0 ? chance.int(16) : 1),
      framing: () => mutate(maskedFrame(chance.pick(seeds), chance), chance),
    }
    const plans = Object.entries(styles).flatMap(([style, makeFrame]) =>
      Array.from({ length: 1000 }, (_, index) => ({
        style,
        gateway: system.gateways[index % 2]!,
        auth:
          index % 4 < 2 ? maskedFrame(Buffer.from(JSON.stringify({ t: 'auth', token: ann.token })), chance) : undefined,
        frames: Array.from({ length: maxWrongFrames }, makeFrame),
        ping: maskedFrame(Buffer.from('{"t":"ping"}'), chance),
      })),
    )
    const ends = await inParallel(plans, 6, async ({ style, gateway, auth, frames, ping }) => {
      const tcp = await upgradeRawTcp(gateway.wsUrl)
      if (auth !== undefined) {
        tcp.write(auth)
        await tcp.hear((heard) => heard.includes('"t":"ready"'), 5000)
      }
      for (const frame of frames) tcp.write(frame)
      tcp.write(ping)
      const heard = await tcp.hear((heard) => heard.includes('"t":"pong"'), style === 'text' ? 10_000 : 150)
      const end = heard.includes('"t":"pong"') ? 'answered' : tcp.isClosed ? 'closed' : 'waits for more'
      tcp.drop()
      assert.ok(!/"code":"(?:INTERNAL|UNAVAILABLE|OVERLOADED)"/.test(heard), heard.slice(-500))
      return `${style} ${end}`
    })
    t.diagnostic(`seed ${seed}: ${tally(ends)}`)
    assert.equal(
      ends.filter((end) => end === 'text answered').length,
      1000,
      'ten wrong frames of text end no connection',
    )
  },
)

test('2 000 mutated requests: each is refused or cut off, none is a fault of ours', async (t) => {
  const chance = createChance(seed)
  const json = JSON.stringify({ clientMessageId: 'm-1', type: 'text', body: { text: 'hi' } })
  const common = `Host: localhost\r\nAuthorization: Bearer ${ann.token}\r\nConnection: close\r\n`
  const seeds = [
    `GET /groups/${foreign.group}/members?limit=5 HTTP/1.1\r\n${common}\r\n`,
    `GET /users/${tooLargeId}?x=%00 HTTP/1.1\r\n${common}\r\n`,
    `POST /conversations/${foreign.group}/messages HTTP/1.1\r\n${common}Content-Type: application/json\r\n` +
      `Content-Length: ${json.length}\r\n\r\n${json}`,
    `POST /sync HTTP/1.1\r\n${common}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n` +
      `d\r\n{"have":{"x":\r\n2\r\n1}\r\n0\r\n\r\n`,
  ].map((text) => Buffer.from(text))
  const mutants = Array.from({ length: 2000 }, () => mutate(chance.pick(seeds), chance))
  const statuses = await inParallel(mutants, 6, async (mutant, index) => {
    const tcp = await openRawTcp(system.gateways[index % 2]!.httpUrl)
    tcp.write(mutant)
    const heard = await tcp.hear((heard) => heard.includes('\r\n\r\n'), 150)
    tcp.drop()
    return heard === '' ? (tcp.isClosed ? 'cut off' : 'waits for more') : heard.slice('HTTP/1.1 '.length, 12)
  })
  t.diagnostic(`seed ${seed}: ${tally(statuses)}`)
  assert.deepEqual(
    statuses.filter((status) => status.startsWith('5')),
    [],
  )
})

test('after it everybody is served, nothing has changed or died, and no connection is left behind', async () => {
  for (const { wsUrl } of system.gateways) {
    const socket = await openRawSocket(wsUrl, { token: ann.token })
    assert.deepEqual(await socket.settle(), [])
    socket.drop()
  }
  assert.deepEqual(await stage.snapshot(), before)
  await health.assertWell([stage.rest])
  const areGone = async () => (await connections()) === connectionsBefore
  await waitFor(areGone, { timeoutMs: 15_000, what: 'the connections to be gone' })
})

function tally(ends: readonly string[]): string {
  return [...Map.groupBy(ends, (end) => end)].map(([end, { length }]) => `${end} ${length}`).join(', ')
}
