import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listQuery, parkedQuery, type TaskFilter } from './list-query.ts'

const all: TaskFilter = { kind: '', state: '', conversationId: '', hasClosed: false, query: '' }

test('example: everything that is open, and one thing in particular', () => {
  assert.equal(
    listQuery(all),
    'WorkflowType IN ("groupFanout", "deadLetter", "redriveBatch", "reconcile") AND ExecutionStatus = "Running"',
  )
  assert.equal(
    listQuery({ ...all, kind: 'groupFanout', state: 'paused', conversationId: '77', hasClosed: true }),
    'WorkflowType IN ("groupFanout") AND ExecutionStatus != "ContinuedAsNew" AND ImState = "paused" AND ImConversationId = "77"',
  )
  assert.equal(
    parkedQuery('ImErrorType="undecodable"'),
    'WorkflowType IN ("deadLetter") AND ExecutionStatus = "Running" AND ImState = "parked" AND (ImErrorType="undecodable")',
  )
})

test('no part of a filter reaches the query unless it is a word of ours or an id', () => {
  const evil = '" OR WorkflowType != "'
  for (const part of ['kind', 'state', 'conversationId']) {
    assert.throws(() => listQuery({ ...all, [part]: evil }), { code: 'INVALID_ARGUMENT' })
  }
})

test("an operator's query cannot leave the parentheses around it", () => {
  const queries = [
    'a=1) OR (b=2',
    '(a=1',
    ')(',
    "a='",
    "(a='",
    'a="1" OR b="',
    String.raw`a="\"" ) OR (b="\""`,
    '/*"*/ ) OR (b=1 /*"*/',
  ]
  for (const query of queries) assert.throws(() => parkedQuery(query), { code: 'INVALID_ARGUMENT' }, query)
  for (const query of ['(a=1) AND (b="(")', "a=')'", 'a IN ("x", "y")']) {
    assert.ok(parkedQuery(query).endsWith(` AND (${query})`))
  }
})
