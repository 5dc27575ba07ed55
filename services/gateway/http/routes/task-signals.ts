import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { HttpDeps } from '../../ports.ts'
import { clientGone } from '../client-gone.ts'
import { Empty } from '../schemas/common.ts'
import { answer } from '../schemas/component.ts'
import { failures } from '../schemas/failures.ts'
import { SkippedRange, TaskParams, WithReason } from '../schemas/task.ts'

/** What an operator may tell a task. None of it stops live delivery. */
export function taskSignalRoutes({ tasks }: Pick<HttpDeps, 'tasks'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    const response = { 204: answer('The task was told.', Empty), ...failures(['admin', 'body'], 'NOT_FOUND') }

    app.post(
      '/admin/tasks/:taskId/pause',
      {
        schema: {
          operationId: 'pauseTask',
          tags: ['admin'],
          summary: 'Pause a task',
          description: 'Stop the work of a task. Live delivery goes on.',
          params: TaskParams,
          body: WithReason,
          response,
        },
      },
      async (request, reply) => {
        const { reason = '' } = request.body
        await tasks.pauseTask({ id: request.params.taskId, reason }, { signal: clientGone(request) })
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/admin/tasks/:taskId/resume',
      {
        schema: {
          operationId: 'resumeTask',
          tags: ['admin'],
          summary: 'Resume a task',
          description: 'Let a paused task go on.',
          params: TaskParams,
          response,
        },
      },
      async (request, reply) => {
        await tasks.resumeTask({ id: request.params.taskId }, { signal: clientGone(request) })
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/admin/tasks/:taskId/skip',
      {
        schema: {
          operationId: 'skipEntries',
          tags: ['admin'],
          summary: 'Skip entries',
          description: 'Leave entries out of a fan-out, both ends included: nobody is pushed for them.',
          params: TaskParams,
          body: SkippedRange,
          response,
        },
      },
      async (request, reply) => {
        const range = { id: request.params.taskId, ...request.body }
        await tasks.skipEntries(range, { signal: clientGone(request) })
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/admin/tasks/:taskId/redrive',
      {
        schema: {
          operationId: 'redriveTask',
          tags: ['admin'],
          summary: 'Redrive a dead letter',
          description: 'Run what was parked again.',
          params: TaskParams,
          response,
        },
      },
      async (request, reply) => {
        await tasks.redriveTask({ id: request.params.taskId }, { signal: clientGone(request) })
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/admin/tasks/:taskId/discard',
      {
        schema: {
          operationId: 'discardTask',
          tags: ['admin'],
          summary: 'Discard a dead letter',
          description: 'Give up what was parked.',
          params: TaskParams,
          body: WithReason,
          response,
        },
      },
      async (request, reply) => {
        const { reason = '' } = request.body
        await tasks.discardTask({ id: request.params.taskId, reason }, { signal: clientGone(request) })
        return reply.code(204).send(null)
      },
    )
  }
}
