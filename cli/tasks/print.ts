import { toJson } from '@bufbuild/protobuf'
import {
  ShowTaskResponseSchema,
  TaskSummarySchema,
  type ShowTaskResponse,
  type TaskSummary,
} from '#proto/gen/gochat/task/v1/task_service_pb.ts'
import { table } from '../table.ts'

export function printTasks(tasks: readonly TaskSummary[], isJson: boolean): void {
  if (isJson) return printJson(tasks.map((task) => toJson(TaskSummarySchema, task, whole)))
  if (tasks.length === 0) return console.log('There are no such tasks.')
  const rows = tasks.map((task) => [
    task.kind,
    task.state || '-',
    task.id,
    task.errorType || '-',
    time(task.startedAtMs),
    time(task.closedAtMs),
  ])
  console.log(table([['KIND', 'STATE', 'ID', 'ERROR', 'STARTED', 'CLOSED'], ...rows]))
}

export function printTask(shown: ShowTaskResponse, isJson: boolean): void {
  const { task, progressJson, pendingActivities, historyEvents } = shown
  const progress = progressJson === '' ? undefined : (JSON.parse(progressJson) as object)
  if (isJson) {
    const { progressJson: _, ...rest } = toJson(ShowTaskResponseSchema, shown, whole) as Record<string, unknown>
    return printJson({ ...rest, progress: progress ?? null })
  }
  const rows: [string, string][] = [
    ['id', task?.id ?? ''],
    ['kind', task?.kind ?? ''],
    ['state', `${task?.state || '-'}${task?.isOpen ? '' : ' (closed)'}`],
    ['started', time(task?.startedAtMs ?? 0)],
    ['closed', time(task?.closedAtMs ?? 0)],
    ['history', `${historyEvents} events`],
    ...pendingActivities.flatMap(({ name, attempt, lastFailure, heartbeatJson }): [string, string][] => [
      ['activity', `${name}, attempt ${attempt}`],
      ...(lastFailure === '' ? [] : [['  last failure', lastFailure] satisfies [string, string]]),
      ...(heartbeatJson === '' ? [] : [['  heartbeat', words(JSON.parse(heartbeatJson))] satisfies [string, string]]),
    ]),
    ['progress', progress === undefined ? 'no worker answered' : ''],
    ...Object.entries(progress ?? {}).map(([name, value]): [string, string] => [`  ${name}`, words(value)]),
  ]
  console.log(table(rows))
}

const whole = { alwaysEmitImplicit: true }

function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2))
}

/** One line: `live 3, repaired 0`. */
function words(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return typeof value === 'string' ? value || '-' : JSON.stringify(value)
  }
  return Object.entries(value)
    .map(([name, part]) => `${name} ${words(part)}`)
    .join(', ')
}

function time(ms: number): string {
  return ms === 0 ? '-' : new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}
