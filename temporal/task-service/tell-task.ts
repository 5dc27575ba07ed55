import type { SignalDefinition } from '@temporalio/common'
import { AppError } from '#infra/errors/index.ts'
import { deadLetter, groupFanout, redriveBatch } from '#workflows/contracts.ts'
import type { TemporalClient } from '../client.ts'
import { kindOf, type Kind } from './kinds.ts'

export type Wish = 'pause' | 'resume' | 'skip' | 'redrive' | 'discard'

type Signals = Partial<Record<Wish, SignalDefinition<[unknown?]>>>

const understood: Record<Kind, Signals> = {
  groupFanout: { pause: groupFanout.pause, resume: groupFanout.resume, skip: groupFanout.skip },
  deadLetter: { redrive: deadLetter.redrive, discard: deadLetter.discard },
  redriveBatch: { pause: redriveBatch.pause, resume: redriveBatch.resume },
  reconcile: {},
}

/** @throws AppError NOT_FOUND: no such task is open. INVALID_ARGUMENT: tasks of its kind do not understand that. */
export async function tellTask(temporal: TemporalClient, id: string, wish: Wish, argument?: object): Promise<void> {
  const kind = kindOf(id)
  const signal = understood[kind][wish]
  if (signal === undefined) {
    throw new AppError('INVALID_ARGUMENT', { message: `A ${kind} does not understand ${wish}.`, details: { kind } })
  }
  await temporal.call(({ workflow }) => workflow.getHandle(id).signal(signal, argument))
}
