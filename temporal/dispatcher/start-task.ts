import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client'
import type { Task } from '#proto/gen/gochat/task/v1/task_pb.ts'
import { deadLetter, taskQueue, type DeadLetterInput } from '#workflows/contracts.ts'

const startTimeoutMs = 5_000

/** Makes the workflow that a task asks for. The id is the task's own, so that a record read twice starts nothing twice. */
export async function startTask(client: Client, task: Task): Promise<void> {
  switch (task.body.case) {
    case 'poisonFound': {
      const { topic, partition, offset, index, reason } = task.body.value
      await startDeadLetter(client, { kind: 'poison', topic, partition, offset, index, reason })
      return
    }
    case undefined:
      throw new TypeError('a task of a kind that this dispatcher does not know')
  }
}

async function startDeadLetter(client: Client, input: DeadLetterInput): Promise<void> {
  try {
    await client.withDeadline(Date.now() + startTimeoutMs, () =>
      client.workflow.start(deadLetter.workflowType, {
        taskQueue,
        workflowId: deadLetter.workflowId(input),
        // Discarded once is discarded for good, however often the record is read again.
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        args: [input],
      }),
    )
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
  }
}
