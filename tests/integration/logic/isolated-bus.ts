import type { Bus, TopicPartitions } from '#infra/kafka/index.ts'

/** The same Kafka under topics and groups of one's own, so that the logic of the running stack neither reads nor owns them. */
export function isolatedBus(bus: Bus, prefix: string): Bus {
  const inside = (assigned: readonly TopicPartitions[]) =>
    assigned.map(({ topic, partitions }) => ({ topic: topic.slice(prefix.length), partitions }))
  const outside = <T extends { readonly topic: string }>(list: readonly T[]) =>
    list.map((item) => ({ ...item, topic: prefix + item.topic }))
  return {
    async producer(options) {
      const producer = await bus.producer(options)
      return { ...producer, send: (records) => producer.send(outside(records)) }
    },
    async consumer() {
      const consumer = await bus.consumer()
      return {
        ...consumer,
        run: (run) =>
          consumer.run({
            ...run,
            groupId: prefix + run.groupId,
            topics: run.topics.map((topic) => prefix + topic),
            onRecords: (batch) => run.onRecords({ ...batch, topic: batch.topic.slice(prefix.length) }),
            onAssigned: (assigned, generation) => run.onAssigned(inside(assigned), generation),
          }),
        pause: (topic, partitions) => consumer.pause(prefix + topic, partitions),
        resume: (topic, partitions) => consumer.resume(prefix + topic, partitions),
        seek: (topic, partition, offset) => consumer.seek(prefix + topic, partition, offset),
        commit: (offsets) => consumer.commit(outside(offsets)),
      }
    },
    async admin() {
      const admin = await bus.admin()
      return {
        ...admin,
        ensureTopics: (specs) => admin.ensureTopics(outside(specs)),
        watermarks: (topic) => admin.watermarks(prefix + topic),
      }
    },
    [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose](),
  }
}
