import type { Bus } from '#infra/kafka/index.ts'

/** The same Kafka under topics of one's own, so that the services of the running stack do not answer too. */
export function prefixedBus(bus: Bus, prefix: string): Bus {
  const inside = (topic: string) => topic.slice(prefix.length)
  return {
    async producer(options) {
      const producer = await bus.producer(options)
      return {
        send: (records) => producer.send(records.map((record) => ({ ...record, topic: prefix + record.topic }))),
        [Symbol.asyncDispose]: () => producer[Symbol.asyncDispose](),
      }
    },
    async consumer() {
      const consumer = await bus.consumer()
      return {
        ...consumer,
        run: (run) =>
          consumer.run({
            ...run,
            topics: run.topics.map((topic) => prefix + topic),
            onRecords: (batch) => run.onRecords({ ...batch, topic: inside(batch.topic) }),
          }),
      }
    },
    async admin() {
      const admin = await bus.admin()
      return {
        ...admin,
        ensureTopics: (specs) => admin.ensureTopics(specs.map((spec) => ({ ...spec, topic: prefix + spec.topic }))),
      }
    },
    [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose](),
  }
}
