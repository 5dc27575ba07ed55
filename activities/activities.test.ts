import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '#infra/errors/index.ts'
import { gatewayOne, stage } from './testing/stage.ts'

const letter = {
  kind: 'poison',
  topic: 'gochat.upstream',
  partition: 3,
  offset: 2 ** 40,
  index: -1,
  reason: 'undecodable',
} as const

test('example: poison goes back where it came from, as the bytes that were kept', async () => {
  const { run, transport } = stage({
    poison: {
      async getPoison({ place }) {
        const { topic, partition, offset, index } = place!
        assert.deepEqual(
          { topic, partition, offset, index },
          { topic: letter.topic, partition: 3, offset: 2 ** 40, index: -1 },
        )
        return { value: Buffer.from('bytes') }
      },
    },
  })
  await run('reproducePoison', letter)
  assert.deepEqual(transport.sent, [{ topic: 'gochat.upstream', partition: 3, value: Buffer.from('bytes') }])
})

test('poison without a copy fails for good, and says so by its name', async () => {
  const { run, transport } = stage({
    poison: {
      async getPoison() {
        throw new AppError('NOT_FOUND', { details: { secret: 'x' } })
      },
    },
  })
  await assert.rejects(run('reproducePoison', letter), { type: 'NOT_FOUND', nonRetryable: true, details: undefined })
  assert.deepEqual(transport.sent, [])
})

test('what may work later is retried when its error says, and what nobody foresaw does not tell its text', async () => {
  const unavailable = stage({
    poison: {
      async dropPoison() {
        throw new AppError('UNAVAILABLE', { retryAfterMs: 1234 })
      },
    },
  })
  await assert.rejects(unavailable.run('dropPoison', letter), {
    type: 'UNAVAILABLE',
    nonRetryable: false,
    nextRetryDelay: 1234,
  })
  const { run, deps } = stage()
  const push = { hand: () => Promise.reject(new TypeError('the secret is 42')) }
  Object.assign(deps, { poison: { getPoison: push.hand } })
  await assert.rejects(run('reproducePoison', letter), (error: Error) => {
    assert.doesNotMatch(`${error.message}${String(error.cause)}`, /42/)
    return true
  })
})

const page = { kind: 'page', conversationId: '100', fromSeq: 2, toSeq: 5, reason: 'UNAVAILABLE' } as const

test('a parked page is settled for its own members and range, and no cursor moves', async () => {
  const members = ['1', '2', '3', '4'].map((userId) => ({ userId }))
  const { run, handed, heard, routes, fanout } = stage({ members, headSeq: 9, places: [gatewayOne] })
  await heard.put(gatewayOne, new Map([['100', { fromSeq: 1, upToSeq: 9 }]]))
  await routes.put(gatewayOne, new Map([['2', [7]]]))
  await run('settlePage', { ...page, afterUserId: '1', upToUserId: '3' })
  assert.deepEqual(handed, [{ conversationId: '100', fromSeq: 2, toSeq: 5, userIds: ['3'] }])
  assert.deepEqual([fanout.cursor.epoch, fanout.settled], [0, []])
})

test('parked dead letters that match are listed page by page; a query that is refused is not repeated', async () => {
  const asked: unknown[] = []
  const { run } = stage({
    tasks: {
      async listTasks({ kind, state, cursor, query }) {
        if (query === 'x=') throw new AppError('INVALID_ARGUMENT')
        asked.push({ kind, state, cursor, query })
        return { tasks: [{ id: 'dlq/a' }, { id: 'dlq/b' }], nextCursor: 'more' }
      },
    },
  })
  const query = 'ImErrorType="x"'
  assert.deepEqual(await run('listParked', { query, cursor: 'c' }), { ids: ['dlq/a', 'dlq/b'], nextCursor: 'more' })
  assert.deepEqual(asked, [{ kind: 'deadLetter', state: 'parked', cursor: 'c', query }])
  await assert.rejects(run('listParked', { query: 'x=', cursor: '' }), { type: 'INVALID_ARGUMENT', nonRetryable: true })
})

test('a dead letter is redriven if it was parked before; one that failed anew or has ended is left alone', async () => {
  const redriven: string[] = []
  const { run } = stage({
    tasks: {
      async showTask({ id }) {
        if (id === 'dlq/ended') throw new AppError('NOT_FOUND')
        // No worker answered the query: what is known of the letter is what Temporal knows.
        return { task: { parkedAtMs: Date.UTC(2025, 0, 1, 0, 0, id === 'dlq/anew' ? 2 : 0) }, progressJson: '' }
      },
      async redriveTask({ id }) {
        redriven.push(id)
        if (id === 'dlq/ends') throw new AppError('NOT_FOUND')
        return {}
      },
    },
  })
  const outcomes: string[] = []
  for (const id of ['dlq/old', 'dlq/anew', 'dlq/ended', 'dlq/ends']) {
    outcomes.push(await run('redriveOne', { id, parkedBefore: '2025-01-01T00:00:01.000Z' }))
  }
  assert.deepEqual(outcomes, ['redriven', 'anew', 'gone', 'gone'])
  assert.deepEqual(redriven, ['dlq/old', 'dlq/ends'])
})

test('conversations that are behind are named unless somebody is at work, and poked', async () => {
  const poked: string[] = []
  const { run, deps, settling } = stage({
    tasks: {
      async pokeFanout({ conversationId, headSeq }) {
        poked.push(`${conversationId}:${headSeq}`)
        return {}
      },
    },
  })
  const behind = ['7', '8', '9'].map((conversationId) => ({ conversationId, settledSeq: 1, headSeq: 5 }))
  Object.assign(deps, { fanout: { listBehind: async () => ({ behind, hasMore: true }) } })
  await settling.mark('8', 1000)
  const found = await run('listBehind', { afterId: '' })
  assert.deepEqual(found.nextAfterId, '9')
  await run('poke', found.behind)
  assert.deepEqual(poked, ['7:5', '9:5'])
})
