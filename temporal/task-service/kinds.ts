import { AppError } from '#infra/errors/index.ts'
import { groupFanout, reconcile, redriveBatch } from '#workflows/contracts.ts'

/** A workflow type. */
export type Kind = 'groupFanout' | 'deadLetter' | 'redriveBatch' | 'reconcile'

/** What their ids begin with. */
const prefixes: Record<Kind, string> = {
  groupFanout: groupFanout.workflowId(''),
  deadLetter: 'dlq/',
  redriveBatch: redriveBatch.workflowId(''),
  reconcile: reconcile.scheduleId,
}

export const kinds = Object.keys(prefixes) as Kind[]

/** @throws AppError NOT_FOUND: no task has such an id. */
export function kindOf(id: string): Kind {
  const kind = kinds.find((kind) => id.startsWith(prefixes[kind]))
  if (kind === undefined || id.length > maxIdLength) throw new AppError('NOT_FOUND', { message: 'No such task.' })
  return kind
}

/** Temporal's column is no longer. */
const maxIdLength = 255
