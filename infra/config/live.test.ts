import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { memoryEtcd } from '../discovery/index.ts'
import { metricValue, recordingLogger, testMetrics, waitFor } from '../testing/index.ts'
import { createLiveConfig } from './index.ts'

const schema = Type.Object(
  { liveThreshold: Type.Integer({ minimum: 1 }), limits: Type.Object({ maxMembers: Type.Integer() }) },
  { additionalProperties: false },
)
const defaults = { liveThreshold: 500, limits: { maxMembers: 100_000 } }
const key = '/gochat/config'

test('example: values change while the process runs; the document overrides the defaults', async () => {
  const { etcd, metrics, live } = await start()
  const seen: number[] = []
  const stop = live.onChange(({ liveThreshold }) => seen.push(liveThreshold))
  assert.deepEqual([live.current, live.revision], [defaults, 0])

  const revision = await etcd.put(key, '{"liveThreshold": 5}')
  await waitFor(() => live.revision === revision, { what: 'the change' })
  assert.deepEqual(live.current, { ...defaults, liveThreshold: 5 })
  assert.equal(await metricValue(metrics, 'gochat_config_applied_revision'), revision)

  stop()
  await etcd.delete(key)
  await waitFor(() => live.revision === 0, { what: 'the defaults' })
  assert.deepEqual(live.current, defaults)
  assert.deepEqual(seen, [5])
})

test('a document that is there before the start is in force at once', async () => {
  const etcd = memoryEtcd()
  await etcd.put(key, '{"liveThreshold": 7}')
  const { live } = await start(etcd)
  assert.equal(live.current.liveThreshold, 7)
})

const invalid = {
  'a wrong type': ['{"liveThreshold": "many"}', '/liveThreshold must be integer'],
  'a value out of range': ['{"liveThreshold": 0}', '/liveThreshold must be >= 1'],
  'a typing error in a key': ['{"liveTreshold": 5}', '/ must not have additional properties'],
  'a wrong type inside': ['{"limits": {"maxMembers": null}}', '/limits/maxMembers must be integer'],
  'not JSON': ['{', 'the document is not JSON'],
  'not an object': ['[1]', 'the document is not an object'],
}
for (const [what, [document = '', fault = '']] of Object.entries(invalid)) {
  test(`refused as a whole, told by path, last good one kept: ${what}`, async () => {
    const { etcd, metrics, lines, live } = await start()
    const revision = await etcd.put(key, '{"liveThreshold": 5}')
    await waitFor(() => live.revision === revision, { what: 'the good one' })
    const told: unknown[] = []
    live.onChange((current) => told.push(current))

    await etcd.put(key, document)
    await waitFor(() => lines.some(({ level }) => level === 'error'), { what: 'the refusal' })
    assert.deepEqual([live.current.liveThreshold, live.revision, told], [5, revision, []])
    assert.equal(await metricValue(metrics, 'gochat_config_applied_revision'), revision)
    assert.equal(await metricValue(metrics, 'gochat_config_refused_total'), 1)
    const faults = lines.find(({ level }) => level === 'error')?.['faults'] as string[]
    assert.ok(faults.includes(fault), faults.join('; '))
  })
}

test('an outage of etcd changes nothing; what was written meanwhile comes after it', async () => {
  const { etcd, live } = await start()
  etcd.setReachable(false)
  assert.deepEqual(live.current, defaults)
  etcd.setReachable(true)
  const revision = await etcd.put(key, '{"liveThreshold": 9}')
  await waitFor(() => live.revision === revision, { what: 'the change' })
})

test('a listener that throws does not keep the others from hearing', async () => {
  const { etcd, lines, live } = await start()
  const seen: number[] = []
  live.onChange(() => assert.fail('broken listener'))
  live.onChange(({ liveThreshold }) => seen.push(liveThreshold))
  await etcd.put(key, '{"liveThreshold": 3}')
  await waitFor(() => seen.length === 1, { what: 'the second listener' })
  assert.ok(lines.some(({ msg }) => msg === 'a listener of the live configuration failed'))
})

test('keys that only begin alike are not the document', async () => {
  const { etcd, live } = await start()
  let changes = 0
  live.onChange(() => (changes += 1))
  await etcd.put(`${key}-of-another`, '{"liveThreshold": 3}')
  const revision = await etcd.put(key, '{"liveThreshold": 4}')
  await etcd.put(`${key}-of-another`, '{"liveThreshold": 5}')
  await waitFor(() => live.revision === revision, { what: 'the change' })
  assert.deepEqual([changes, live.current.liveThreshold], [1, 4])
})

test('a schema that lets unknown keys pass is refused', async () => {
  const options = { etcd: memoryEtcd(), defaults: {}, metrics: testMetrics(), log: recordingLogger().log }
  await assert.rejects(createLiveConfig({ ...options, schema: Type.Object({}) }), /additionalProperties/)
})

test('etcd away at the start rejects', async () => {
  const etcd = memoryEtcd()
  etcd.setReachable(false)
  await assert.rejects(start(etcd), { code: 'UNAVAILABLE' })
})

async function start(etcd = memoryEtcd()) {
  const metrics = testMetrics()
  const { log, lines } = recordingLogger()
  const live = await createLiveConfig({ etcd, schema, defaults, log, metrics })
  return { etcd, metrics, lines, live }
}
