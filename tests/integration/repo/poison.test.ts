import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startRepo, type Repo } from './fixture.ts'

let repo: Repo

before(async () => {
  repo = await startRepo()
})
after(() => repo?.[Symbol.asyncDispose]())

const record = { topic: 'gochat.upstream', partition: 3, offset: 7, index: -1 }

test('example: a copy is kept as it was until it is dropped', async () => {
  const value = Buffer.from([0xff, 0x27, 0x00, 0x5c])
  await repo.poison.keepPoison({ copies: [{ place: record, value }] })
  assert.deepEqual(Buffer.from((await repo.poison.getPoison({ place: record })).value), value)
  await repo.poison.dropPoison({ place: record })
  await assert.rejects(repo.poison.getPoison({ place: record }), { code: 'NOT_FOUND' })
  await repo.poison.dropPoison({ place: record })
})

test('the first copy of a place stays; places differ by topic, partition, offset and index', async () => {
  const place = { ...record, offset: Number.MAX_SAFE_INTEGER }
  const others = [
    { ...place, topic: 'gochat.tasks' },
    { ...place, partition: 4 },
    { ...place, offset: 8 },
    { ...place, index: 0 },
  ]
  await repo.poison.keepPoison({ copies: [{ place, value: Buffer.from('first') }] })
  const all = [place, ...others].map((each, i) => ({ place: each, value: Buffer.from(`later ${i}`) }))
  await repo.poison.keepPoison({ copies: all })
  const values = await Promise.all(
    [place, ...others].map(async (each) =>
      Buffer.from((await repo.poison.getPoison({ place: each })).value).toString(),
    ),
  )
  assert.deepEqual(values, ['first', 'later 1', 'later 2', 'later 3', 'later 4'])
})

test('a record as large as the broker takes is kept, several in one request, and so is one without a byte', async () => {
  const values = [Buffer.alloc(1024 * 1024, 0xff), Buffer.alloc(1024 * 1024, 0x27), Buffer.alloc(0)]
  const copies = values.map((value, offset) => ({ place: { ...record, offset: 100 + offset }, value }))
  await repo.poison.keepPoison({ copies })
  for (const { place, value } of copies) {
    assert.ok(Buffer.from((await repo.poison.getPoison({ place })).value).equals(value))
  }
})
