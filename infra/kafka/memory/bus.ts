import type { Bus, BusConsumer } from '../bus.ts'
import { createMemoryConsumer } from './consumer.ts'
import { createMemoryGroups } from './groups.ts'
import { createMemoryLog } from './log.ts'

/** The same promises without a broker, for tests and for all roles in one process. Nothing outlives the process. */
export function createMemoryBus(): Bus {
  const log = createMemoryLog()
  const groups = createMemoryGroups(log)
  const consumers: BusConsumer[] = []

  return {
    producer: async () => ({
      send: async (records) => log.append(records),
      async [Symbol.asyncDispose]() {},
    }),
    async consumer() {
      const consumer = createMemoryConsumer(log, groups)
      consumers.push(consumer)
      return consumer
    },
    admin: async () => ({
      ensureTopics: async (specs) => log.ensure(specs),
      watermarks: async (topic) =>
        log.partitionsOf(topic).map((records, partition) => ({ partition, low: 0, high: records.length })),
      topics: async () => log.topics(),
    }),
    async [Symbol.asyncDispose]() {
      for (const consumer of consumers) await consumer.stop()
    },
  }
}
