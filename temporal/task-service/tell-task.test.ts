import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TemporalClient } from '../client.ts'
import { kindOf } from './kinds.ts'
import { tellTask, type Wish } from './tell-task.ts'

const never = { call: () => assert.fail('Temporal is not asked') } as unknown as TemporalClient

test('what a kind does not understand is refused before Temporal hears of it', async () => {
  const refused: [id: string, wish: Wish][] = [
    ['dlq/page/7/9/0', 'pause'],
    ['dlq/poison/gochat.upstream/3/12/-1', 'skip'],
    ['fanout/7', 'redrive'],
    ['redrive/job', 'discard'],
    ['reconcile-2026-11-24T06:00:00Z', 'pause'],
  ]
  for (const [id, wish] of refused) await assert.rejects(tellTask(never, id, wish), { code: 'INVALID_ARGUMENT' })
})

test('an id that no task can have is NOT_FOUND', () => {
  assert.equal(kindOf('fanout/7'), 'groupFanout')
  for (const id of ['', 'something', 'dlq', `fanout/${'7'.repeat(300)}`]) {
    assert.throws(() => kindOf(id), { code: 'NOT_FOUND' })
  }
})
