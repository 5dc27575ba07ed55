import type { MessageInitShape } from '@bufbuild/protobuf'
import { toAppError } from '#infra/errors/index.ts'
import type { ListTasksRequest, ListTasksResponseSchema } from '#proto/gen/gochat/task/v1/task_service_pb.ts'
import type { TemporalClient } from '../client.ts'
import { invalid, limitOf } from './input.ts'
import { listQuery } from './list-query.ts'
import { summaryOf } from './summary.ts'

const maxPage = 100

/** In the order of visibility, newest first. @throws AppError INVALID_ARGUMENT: also what Temporal does not take as a query. */
export async function listTasks(
  { client, call }: TemporalClient,
  request: ListTasksRequest,
): Promise<MessageInitShape<typeof ListTasksResponseSchema>> {
  const wanted = {
    namespace: client.options.namespace,
    query: listQuery(request),
    pageSize: limitOf(request.limit, maxPage),
    nextPageToken: Buffer.from(request.cursor, 'base64url'),
  }
  const { executions, nextPageToken } = await call(({ workflowService }) =>
    workflowService.listWorkflowExecutions(wanted),
  ).catch((thrown: unknown) => {
    const error = toAppError(thrown)
    // Of a token that is none, Temporal says only that something went wrong.
    throw request.cursor !== '' && error.code === 'INTERNAL' ? invalid('cursor', 'is none of ours') : error
  })
  return {
    tasks: (executions ?? []).map(summaryOf),
    nextCursor: Buffer.from(nextPageToken ?? []).toString('base64url'),
  }
}
