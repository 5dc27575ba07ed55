import assert from 'node:assert/strict'
import { test } from 'node:test'
import proto from '@temporalio/proto'
import { summaryOf } from './summary.ts'

const status = proto.temporal.api.enums.v1.WorkflowExecutionStatus
const time = (seconds: number) => ({ seconds, nanos: 250_999_999 }) as never
const keyword = (value: string) => ({ data: Buffer.from(JSON.stringify(value)) })

test('example: a run as Temporal describes it is a row of the list', () => {
  const info = {
    execution: { workflowId: 'dlq/page/7/9/0', runId: 'r' },
    type: { name: 'deadLetter' },
    startTime: time(1000),
    status: status.WORKFLOW_EXECUTION_STATUS_RUNNING,
    searchAttributes: {
      indexedFields: {
        ImState: keyword('parked'),
        ImConversationId: keyword('7'),
        ImParkedAt: keyword('2025-01-01T00:00:02.005Z'),
      },
    },
  }
  assert.deepEqual(summaryOf(info), {
    id: 'dlq/page/7/9/0',
    runId: 'r',
    kind: 'deadLetter',
    state: 'parked',
    isOpen: true,
    conversationId: '7',
    errorType: '',
    startedAtMs: 1_000_250,
    closedAtMs: 0,
    parkedAtMs: Date.UTC(2025, 0, 1, 0, 0, 2, 5),
  })
})

test('a run that was broken off is not called by the state that it was in', () => {
  const ends = [
    [status.WORKFLOW_EXECUTION_STATUS_COMPLETED, 'running'],
    [status.WORKFLOW_EXECUTION_STATUS_FAILED, 'failed'],
    [status.WORKFLOW_EXECUTION_STATUS_TERMINATED, 'terminated'],
  ] as const
  for (const [end, state] of ends) {
    const searchAttributes = { indexedFields: { ImState: keyword('running') } }
    const row = summaryOf({ status: end, searchAttributes, closeTime: time(5) })
    assert.deepEqual([row.state, row.isOpen, row.closedAtMs], [state, false, 5250])
  }
})
