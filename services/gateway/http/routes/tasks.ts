import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { HttpDeps } from '../../ports.ts'
import { clientGone } from '../client-gone.ts'
import { answer } from '../schemas/component.ts'
import { failures } from '../schemas/failures.ts'
import { NewRedrive, Redrive, TaskDetail, TaskPage, TaskParams, TaskQuery } from '../schemas/task.ts'
import { taskDetailView, taskView } from '../views.ts'

/** Everything that is a workflow, for operators: what there is, and how it stands. */
export function taskRoutes({ tasks }: Pick<HttpDeps, 'tasks'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/admin/tasks',
      {
        schema: {
          operationId: 'listTasks',
          tags: ['admin'],
          summary: 'Tasks',
          description: 'Large groups that are settled, dead letters, redrives: newest first.',
          querystring: TaskQuery,
          response: { 200: answer('A page.', TaskPage), ...failures(['admin']) },
        },
      },
      async (request) => {
        const { hasClosed, limit = 50, ...filter } = request.query
        const query = { ...filter, limit, hasClosed: hasClosed === 'true' }
        const page = await tasks.listTasks(query, callOptions(request))
        return {
          tasks: page.tasks.map(taskView),
          ...(page.nextCursor === '' ? {} : { nextCursor: page.nextCursor }),
        }
      },
    )

    app.get(
      '/admin/tasks/:taskId',
      {
        schema: {
          operationId: 'getTask',
          tags: ['admin'],
          summary: 'A task',
          description: 'A task, with its progress and what it is trying right now.',
          params: TaskParams,
          response: { 200: answer('The task.', TaskDetail.ref), ...failures(['admin'], 'NOT_FOUND') },
        },
      },
      async (request) => taskDetailView(await tasks.showTask({ id: request.params.taskId }, callOptions(request))),
    )

    app.post(
      '/admin/redrives',
      {
        schema: {
          operationId: 'startRedrive',
          tags: ['admin'],
          summary: 'Redrive dead letters',
          description: 'Start a task that runs parked dead letters again, by query, at a rate.',
          body: NewRedrive,
          response: { 202: answer('The task.', Redrive.ref), ...failures(['admin', 'body']) },
        },
      },
      async (request, reply) => {
        const { id } = await tasks.redriveMany(request.body, callOptions(request))
        return reply.code(202).send({ id })
      },
    )
  }
}

/** Temporal asks a worker for the progress: that takes longer than a look into a database. */
function callOptions(request: FastifyRequest) {
  return { signal: clientGone(request), timeoutMs: 10_000 }
}
