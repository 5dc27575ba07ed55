import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, fromBinary, toJson } from '@bufbuild/protobuf'
import { AppError } from '#infra/errors/index.ts'
import type { ProducedRecord } from '#infra/kafka/index.ts'
import { KeepPoisonResponseSchema } from '#proto/gen/gochat/task/v1/poison_repo_pb.ts'
import { PoisonFoundSchema, TaskRecordSchema } from '#proto/gen/gochat/task/v1/task_pb.ts'
import { createPoisonReporter } from './report-poison.ts'

const found = [
  { reason: 'undecodable', partition: 6, offset: 9, value: Buffer.from([0xff]) },
  { reason: 'id', partition: 6, offset: 10, index: 2, value: Buffer.from('a command') },
]

function setUp({ isRepoAway = false } = {}) {
  const copies: unknown[] = []
  const calls: number[] = []
  const sent: ProducedRecord[] = []
  const report = createPoisonReporter({
    poison: {
      async keepPoison(request) {
        if (isRepoAway) throw new AppError('UNAVAILABLE')
        calls.push(request.copies?.length ?? 0)
        copies.push(...(request.copies ?? []))
        return create(KeepPoisonResponseSchema)
      },
    },
    producer: {
      async send(records) {
        sent.push(...records)
        return []
      },
    },
  })
  return { copies, calls, sent, report }
}

test('example: a copy of each is kept, and its place becomes a task: the content is not in it', async () => {
  const { copies, sent, report } = setUp()
  await report(found)
  const topic = 'gochat.upstream'
  assert.deepEqual(copies, [
    { place: { topic, partition: 6, offset: 9, index: -1 }, value: Buffer.from([0xff]) },
    { place: { topic, partition: 6, offset: 10, index: 2 }, value: Buffer.from('a command') },
  ])
  const tasks = sent.flatMap(({ value }) => fromBinary(TaskRecordSchema, value).tasks)
  assert.deepEqual(
    tasks.map(({ body }) => body.case === 'poisonFound' && toJson(PoisonFoundSchema, body.value)),
    [
      { topic, partition: 6, offset: 9, index: -1, reason: 'undecodable' },
      { topic, partition: 6, offset: 10, index: 2, reason: 'id' },
    ],
  )
  assert.equal(new Set(sent.map(({ partition }) => partition)).size, 1, 'those of one partition keep their order')
})

test('however much is found, repo is asked to keep no more at once than it takes', async () => {
  const { copies, calls, report } = setUp()
  await report(Array.from({ length: 250 }, (_, index) => ({ ...found[1]!, index })))
  assert.deepEqual([copies.length, calls], [250, [100, 100, 50]])
})

test('while no copy can be kept nothing is told', async () => {
  const { sent, report } = setUp({ isRepoAway: true })
  await assert.rejects(report(found), { code: 'UNAVAILABLE' })
  assert.deepEqual(sent, [])
})
