import { create, toBinary } from '@bufbuild/protobuf'
import { taskPartitions, topics } from '#delivery/topics.ts'
import type { BusProducer, ProducedRecord } from '#infra/kafka/index.ts'
import { TaskRecordSchema } from '#proto/gen/gochat/task/v1/task_pb.ts'
import type { Poison } from './pipeline/item.ts'

/**
 * Tells gochat.tasks of poison, where it becomes a dead letter that operators see. Its place only: what is in it stays in
 * gochat.upstream. @throws AppError UNAVAILABLE
 */
export function createPoisonReporter(
  producer: Pick<BusProducer, 'send'>,
): (poison: readonly Poison[]) => Promise<void> {
  return async (poison) => void (await producer.send(poison.map(toRecord)))
}

function toRecord({ partition, offset, index = -1, reason }: Poison): ProducedRecord {
  const value = { topic: topics.upstream, partition, offset, index, reason }
  const record = create(TaskRecordSchema, { tasks: [{ body: { case: 'poisonFound', value } }] })
  return {
    topic: topics.tasks,
    partition: partition % taskPartitions,
    value: Buffer.from(toBinary(TaskRecordSchema, record)),
  }
}
