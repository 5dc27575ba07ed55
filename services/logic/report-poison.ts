import { taskRecord } from '#delivery/tasks.ts'
import { topics } from '#delivery/topics.ts'
import type { BusProducer } from '#infra/kafka/index.ts'
import type { Client } from '#infra/rpc/index.ts'
import type { PoisonRepo } from '#proto/gen/gochat/task/v1/poison_repo_pb.ts'
import { pagesOf } from './pages.ts'
import type { Poison } from './pipeline/item.ts'

const maxCopiesPage = 100

export interface PoisonReporterDeps {
  readonly poison: Pick<Client<typeof PoisonRepo>, 'keepPoison'>
  readonly producer: Pick<BusProducer, 'send'>
}

/**
 * Keeps a copy of poison, and then tells gochat.tasks of it, where it becomes a dead letter that operators see: of its place
 * only. In this order, so that whatever can be seen can be redriven. @throws AppError UNAVAILABLE
 */
export function createPoisonReporter(deps: PoisonReporterDeps): (poison: readonly Poison[]) => Promise<void> {
  return async (found) => {
    for (const page of pagesOf(found, maxCopiesPage)) {
      await deps.poison.keepPoison({ copies: page.map((one) => ({ place: placeOf(one), value: one.value })) })
    }
    await deps.producer.send(found.map(toTask))
  }
}

function toTask(poison: Poison) {
  const value = { ...placeOf(poison), reason: poison.reason }
  return taskRecord(String(poison.partition), { case: 'poisonFound', value })
}

function placeOf({ partition, offset, index = -1 }: Poison) {
  return { topic: topics.upstream, partition, offset, index }
}
