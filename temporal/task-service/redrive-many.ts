import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client'
import { createUlid } from '#infra/id/index.ts'
import type { RedriveManyRequest } from '#proto/gen/gochat/task/v1/task_service_pb.ts'
import { redriveBatch, taskQueue, type RedriveBatchInput } from '#workflows/contracts.ts'
import type { TemporalClient } from '../client.ts'
import { invalid } from './input.ts'
import { parkedQuery } from './list-query.ts'

const jobIdPattern = /^[A-Za-z0-9_.:-]{1,64}$/
const maxPerSecond = 100

/** Starts the batch; the same job id again is the same batch. @throws AppError INVALID_ARGUMENT: also when Temporal does not take the query. */
export async function redriveMany(
  { client, call }: TemporalClient,
  { query, perSecond, jobId }: RedriveManyRequest,
): Promise<{ id: string }> {
  if (jobId !== '' && !jobIdPattern.test(jobId)) throw invalid('job_id', 'is no id')
  if (perSecond > maxPerSecond) throw invalid('per_second', `is more than ${maxPerSecond}`)
  const id = redriveBatch.workflowId(jobId || createUlid()())
  // Who wrote the query hears what is wrong with it, instead of a batch that fails later.
  const parked = { namespace: client.options.namespace, query: parkedQuery(query) }
  await call(({ workflowService }) => workflowService.countWorkflowExecutions(parked))
  const input: RedriveBatchInput = {
    ...(query === '' ? {} : { query }),
    ...(perSecond === 0 ? {} : { perSecond }),
  }
  await call(({ workflow }) =>
    workflow
      .start(redriveBatch.workflowType, {
        taskQueue,
        workflowId: id,
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        args: [input],
      })
      .catch(unlessStarted),
  )
  return { id }
}

function unlessStarted(error: unknown): void {
  if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
}
