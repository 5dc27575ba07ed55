import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf'
import { partitionOf } from '#delivery/partition.ts'
import { topics } from '#delivery/topics.ts'
import { createKafkaBus } from '#infra/kafka/index.ts'
import { silentLogger, stackEnv, testMetrics } from '#infra/testing/index.ts'
import { UpstreamRecordSchema, type CommandSchema } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'

/** What can be wrong with what Kafka holds: a record or a command that nothing of ours would have made. */
export type PoisonKind = 'undecodable' | 'kind' | 'partition' | 'undecodable task'

export interface PoisonAt {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly index: number
}

const conversationId = '1234567'
const actorId = '7654321'
const partitions = 8

/** Puts poison into Kafka and returns where it lies. */
export async function producePoison(kind: PoisonKind): Promise<PoisonAt> {
  const { topic, partition, value, index } = poisonOf(kind)
  await using bus = createKafkaBus({
    brokers: stackEnv().kafkaBrokers,
    clientId: 'poison-test',
    log: silentLogger(),
    metrics: testMetrics(),
  })
  const producer = await bus.producer()
  const [sent] = await producer.send([{ topic, partition, value }])
  return { topic, partition, offset: sent!.offset, index }
}

function poisonOf(kind: PoisonKind) {
  const right = partitionOf(conversationId, partitions)
  switch (kind) {
    case 'undecodable':
      return { topic: topics.upstream, partition: 3, value: garbage, index: -1 }
    case 'undecodable task':
      return { topic: topics.tasks, partition: 1, value: garbage, index: -1 }
    case 'kind':
      // A command without a body, as one of a later version would look.
      return { topic: topics.upstream, partition: right, value: recordOf({}), index: 0 }
    case 'partition': {
      const send = { type: 'text', body: Buffer.from(JSON.stringify({ text: poisonText })) }
      const value = recordOf({ id: 'misplaced', body: { case: 'send', value: send } })
      return { topic: topics.upstream, partition: (right + 1) % partitions, value, index: 0 }
    }
  }
}

/** What a misplaced message says: nobody may find it anywhere but in its copy. */
export const poisonText = 'what nobody but its author should read'

const garbage = Buffer.from([0xff, 0xff, 0xff])

function recordOf(command: MessageInitShape<typeof CommandSchema>): Buffer {
  const commands = [{ conversationId, actorId, ...command }]
  return Buffer.from(toBinary(UpstreamRecordSchema, create(UpstreamRecordSchema, { commands })))
}
