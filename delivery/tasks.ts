import type { MessageInitShape } from '@bufbuild/protobuf'
import { encode } from '#infra/protobuf/index.ts'
import { TaskRecordSchema, type TaskSchema } from '#proto/gen/gochat/task/v1/task_pb.ts'
import { partitionOf } from './partition.ts'
import { taskPartitions, topics } from './topics.ts'
import type { TransportRecord } from './transport.ts'

/** A task on its way to Temporal. Those with the same key keep their order. */
export function taskRecord(
  key: string,
  body: NonNullable<MessageInitShape<typeof TaskSchema>['body']>,
): TransportRecord {
  const value = encode(TaskRecordSchema, { tasks: [{ body }] })
  return { topic: topics.tasks, partition: partitionOf(key, taskPartitions), value }
}
