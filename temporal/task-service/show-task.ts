import type { MessageInitShape } from '@bufbuild/protobuf'
import type { temporal } from '@temporalio/proto'
import type { PendingActivitySchema, ShowTaskResponseSchema } from '#proto/gen/gochat/task/v1/task_service_pb.ts'
import type { TemporalClient } from '../client.ts'
import { kindOf } from './kinds.ts'
import { summaryOf } from './summary.ts'

/** Only a worker can answer, and there may be none. */
const queryTimeoutMs = 2_000

/** @throws AppError NOT_FOUND */
export async function showTask(
  { client, call }: TemporalClient,
  id: string,
): Promise<MessageInitShape<typeof ShowTaskResponseSchema>> {
  kindOf(id)
  const [{ workflowExecutionInfo, pendingActivities }, progress] = await Promise.all([
    call(({ workflowService }) =>
      workflowService.describeWorkflowExecution({
        namespace: client.options.namespace,
        execution: { workflowId: id },
      }),
    ),
    call(({ workflow }) => workflow.getHandle(id).query('progress'), queryTimeoutMs).catch(() => undefined),
  ])
  return {
    task: summaryOf(workflowExecutionInfo ?? {}),
    progressJson: progress === undefined ? '' : JSON.stringify(progress),
    pendingActivities: (pendingActivities ?? []).map(pendingActivity),
    historyEvents: Number(workflowExecutionInfo?.historyLength ?? 0),
  }
}

function pendingActivity(
  activity: temporal.api.workflow.v1.IPendingActivityInfo,
): MessageInitShape<typeof PendingActivitySchema> {
  const heartbeat = activity.heartbeatDetails?.payloads?.[0]?.data
  return {
    name: activity.activityType?.name ?? '',
    attempt: activity.attempt ?? 0,
    lastFailure: activity.lastFailure?.message ?? '',
    // Payloads are JSON by the SDK's default converter.
    heartbeatJson: heartbeat ? Buffer.from(heartbeat).toString() : '',
  }
}
