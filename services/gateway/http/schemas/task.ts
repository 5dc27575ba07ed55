import { Type } from 'typebox'
import { ClientId, Id, Seq, TimeMs } from '#proto/frames/index.ts'
import { line, pageSize, strict } from './common.ts'
import { component } from './component.ts'

export const TaskParams = Type.Object(
  {
    taskId: Type.String({
      pattern: '^[A-Za-z0-9_.:/-]{1,255}$',
      description: 'As listed. Slashes in it are written as %2F.',
    }),
  },
  strict,
)

const Word = Type.String({ pattern: '^[A-Za-z]{1,32}$' })
export const TaskQuery = Type.Object(
  {
    kind: Type.Optional({ ...Word, description: 'groupFanout, deadLetter, redriveBatch or reconcile.' }),
    state: Type.Optional({ ...Word, description: 'Such as running, paused, parked.' }),
    conversationId: Type.Optional(Id),
    hasClosed: Type.Optional(
      Type.Union([Type.Literal('true'), Type.Literal('false')], { description: 'Also those that have ended.' }),
    ),
    limit: pageSize(100, 50),
    cursor: Type.Optional(Type.String({ pattern: '^[\\x21-\\x7e]{1,2048}$' })),
  },
  strict,
)

const task = {
  id: Type.String(),
  runId: Type.String(),
  kind: Type.String(),
  state: Type.Optional(Type.String()),
  isOpen: Type.Boolean(),
  conversationId: Type.Optional(Id),
  errorType: Type.Optional(Type.String()),
  startedAt: TimeMs,
  closedAt: Type.Optional(TimeMs),
}
export const Task = component('Task', Type.Object(task))
export const TaskPage = Type.Object({
  tasks: Type.Array(Task.ref),
  nextCursor: Type.Optional(Type.String({ description: 'There is more: ask again with this as cursor.' })),
})
export const TaskDetail = component(
  'TaskDetail',
  Type.Object({
    ...task,
    progress: Type.Optional(
      Type.Unknown({ description: 'What the workflow says of itself; absent without an answer.' }),
    ),
    pendingActivities: Type.Array(
      Type.Object({
        name: Type.String(),
        attempt: Type.Integer(),
        lastFailure: Type.Optional(Type.String()),
        heartbeat: Type.Optional(Type.Unknown()),
      }),
    ),
    historyEvents: Type.Integer(),
  }),
)

const Reason = Type.Optional(line(200, 'Kept in the history of the task, where operators read it.'))
export const WithReason = Type.Object({ reason: Reason }, strict)

const RangeEnd = { ...Seq, minimum: 1 }
export const SkippedRange = Type.Object({ fromSeq: RangeEnd, toSeq: RangeEnd }, strict)

export const NewRedrive = Type.Object(
  {
    query: Type.Optional(line(1000, 'A visibility query that narrows the parked dead letters. Default: all of them.')),
    perSecond: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10, description: 'Default: 10.' })),
    jobId: Type.Optional({ ...ClientId, description: 'The same id again is the same job. Default: a new one.' }),
  },
  strict,
)
export const Redrive = component('Redrive', Type.Object({ id: Type.String({ description: 'The task of it.' }) }))
