import { every, type Loop } from '#infra/lifecycle/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import type { TemporalClient } from '../client.ts'
import { kinds } from './kinds.ts'
import { listQuery, parkedQuery } from './list-query.ts'

const intervalMs = 15_000

/** Shows how many tasks are open, by kind, and how many dead letters wait for somebody. */
export function countTasks({ client, call }: TemporalClient, deps: { log: Logger; metrics: Metrics }): Loop {
  const open = deps.metrics.gauge('gochat_tasks_open', 'Tasks that have not ended.', ['kind'])
  const parked = deps.metrics.gauge('gochat_tasks_parked', 'Dead letters that wait for an operator.')
  const { namespace } = client.options
  const count = async (query: string): Promise<number> =>
    Number((await call(({ workflowService }) => workflowService.countWorkflowExecutions({ namespace, query }))).count)
  const look = async (): Promise<void> => {
    for (const kind of kinds) {
      open.set({ kind }, await count(listQuery({ kind, state: '', conversationId: '', hasClosed: false, query: '' })))
    }
    parked.set(await count(parkedQuery('')))
  }
  return every(intervalMs, look, {
    onError: (error) => deps.log.warn({ err: error }, 'Temporal does not say how many tasks there are'),
    unref: true,
  })
}
