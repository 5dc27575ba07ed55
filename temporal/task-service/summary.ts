import type { temporal } from '@temporalio/proto'
import type { MessageInitShape } from '@bufbuild/protobuf'
import proto from '@temporalio/proto'
import type { TaskSummarySchema } from '#proto/gen/gochat/task/v1/task_service_pb.ts'

type ExecutionInfo = temporal.api.workflow.v1.IWorkflowExecutionInfo
type Timestamp = ExecutionInfo['startTime']

const status = proto.temporal.api.enums.v1.WorkflowExecutionStatus

/** A workflow that did not come to its end could not say so itself. */
const brokenOff: Partial<Record<number, string>> = {
  [status.WORKFLOW_EXECUTION_STATUS_FAILED]: 'failed',
  [status.WORKFLOW_EXECUTION_STATUS_CANCELED]: 'cancelled',
  [status.WORKFLOW_EXECUTION_STATUS_TERMINATED]: 'terminated',
  [status.WORKFLOW_EXECUTION_STATUS_TIMED_OUT]: 'timed out',
}

/** A row of the list, from what Temporal knows of a run. */
export function summaryOf(info: ExecutionInfo): MessageInitShape<typeof TaskSummarySchema> {
  const attribute = (name: string) => jsonText(info.searchAttributes?.indexedFields?.[name])
  return {
    id: info.execution?.workflowId ?? '',
    runId: info.execution?.runId ?? '',
    kind: info.type?.name ?? '',
    state: brokenOff[info.status ?? 0] ?? attribute('ImState'),
    isOpen: info.status === status.WORKFLOW_EXECUTION_STATUS_RUNNING,
    conversationId: attribute('ImConversationId'),
    errorType: attribute('ImErrorType'),
    startedAtMs: millisecondsOf(info.startTime),
    closedAtMs: millisecondsOf(info.closeTime),
    parkedAtMs: Date.parse(attribute('ImParkedAt')) || 0,
  }
}

/** A keyword or a time; empty: it is not set. */
function jsonText(payload: temporal.api.common.v1.IPayload | undefined): string {
  const value: unknown = payload?.data ? JSON.parse(Buffer.from(payload.data).toString()) : ''
  return typeof value === 'string' ? value : ''
}

function millisecondsOf(time: Timestamp): number {
  return time ? Number(time.seconds ?? 0) * 1000 + Math.floor((time.nanos ?? 0) / 1e6) : 0
}
