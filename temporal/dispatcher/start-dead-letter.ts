import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client'
import { deadLetter, taskQueue, type DeadLetterInput } from '#workflows/contracts.ts'
import type { TemporalClient } from '../client.ts'

/** Idempotent: the id is the letter's own, and what was ended once does not come back. @throws AppError */
export async function startDeadLetter({ call }: TemporalClient, letter: DeadLetterInput): Promise<void> {
  await call((client) =>
    client.workflow
      .start(deadLetter.workflowType, {
        taskQueue,
        workflowId: deadLetter.workflowId(letter),
        // Discarded once is discarded for good, however often the record is read again.
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        args: [letter],
      })
      .catch((error: unknown) => {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
      }),
  )
}
