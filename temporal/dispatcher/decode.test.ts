import assert from 'node:assert/strict'
import { test } from 'node:test'
import { taskRecord } from '#delivery/tasks.ts'
import { decodeTasks } from './decode.ts'

test('example: what logic sends is what is read', () => {
  const value = { topic: 'gochat.upstream', partition: 3, offset: 12, index: -1, reason: 'undecodable' }
  const [poison] = decodeTasks(taskRecord('3', { case: 'poisonFound', value }).value)
  assert.ok(typeof poison === 'object' && poison.case === 'poisonFound')
  assert.deepEqual({ ...poison.value }, { $typeName: 'gochat.task.v1.PoisonFound', ...value })
  const [due] = decodeTasks(taskRecord('7', { case: 'settleDue', value: { conversationId: '7', headSeq: 9 } }).value)
  assert.ok(typeof due === 'object' && due.case === 'settleDue')
  assert.equal(due.value.headSeq, 9)
})

test('a record that is no record, a task of a kind to come and an id that is none have names', () => {
  assert.equal(decodeTasks(Buffer.from([0xff, 0xff, 0xff])), 'undecodable')
  const [known] = [taskRecord('7', { case: 'settleDue', value: { conversationId: '7', headSeq: 9 } }).value]
  const unknown = Buffer.from([0x0a, 0x03, 0x9a, 0x06, 0x00])
  assert.equal(decodeTasks(Buffer.concat([known, unknown])), 'kind')
  for (const conversationId of ['', '0', '7/8', '123456789012345678901']) {
    const { value } = taskRecord('7', { case: 'settleDue', value: { conversationId, headSeq: 9 } })
    assert.equal(decodeTasks(value), 'conversation_id')
  }
  assert.deepEqual(decodeTasks(Buffer.alloc(0)), [])
})
