import { groupFanout, taskQueue } from '#workflows/contracts.ts'
import type { TemporalClient } from './client.ts'

/** Wakes the fan-out of a conversation, or starts it. Idempotent: what counts is the head that is stored. @throws AppError */
export async function pokeFanout({ call }: TemporalClient, conversationId: string, headSeq: number): Promise<void> {
  await call((client) =>
    client.workflow.signalWithStart(groupFanout.workflowType, {
      taskQueue,
      workflowId: groupFanout.workflowId(conversationId),
      args: [{ conversationId }],
      signal: groupFanout.poke,
      signalArgs: [{ headSeq }],
    }),
  )
}
