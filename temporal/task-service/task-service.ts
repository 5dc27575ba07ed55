import type { Handlers } from '#infra/rpc/index.ts'
import type { TaskService } from '#proto/gen/gochat/task/v1/task_service_pb.ts'
import type { TemporalClient } from '../client.ts'
import { pokeFanout } from '../poke-fanout.ts'
import { idOf, rangeOf, reasonOf } from './input.ts'
import { listTasks } from './list-tasks.ts'
import { redriveMany } from './redrive-many.ts'
import { showTask } from './show-task.ts'
import { tellTask } from './tell-task.ts'

/** Everything that is a workflow, for operators and for what acts in their place. */
export function taskService(temporal: TemporalClient): Handlers<typeof TaskService> {
  return {
    listTasks: (request) => listTasks(temporal, request),
    showTask: ({ id }) => showTask(temporal, id),
    redriveMany: (request) => redriveMany(temporal, request),

    async pauseTask({ id, reason }) {
      await tellTask(temporal, id, 'pause', { reason: reasonOf(reason) })
      return {}
    },
    async resumeTask({ id }) {
      await tellTask(temporal, id, 'resume')
      return {}
    },
    async skipEntries({ id, fromSeq, toSeq }) {
      await tellTask(temporal, id, 'skip', rangeOf(fromSeq, toSeq))
      return {}
    },
    async redriveTask({ id }) {
      await tellTask(temporal, id, 'redrive')
      return {}
    },
    async discardTask({ id, reason }) {
      await tellTask(temporal, id, 'discard', { reason: reasonOf(reason) })
      return {}
    },
    async pokeFanout({ conversationId, headSeq }) {
      await pokeFanout(temporal, idOf(conversationId, 'conversation_id'), headSeq)
      return {}
    },
  }
}
