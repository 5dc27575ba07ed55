/**
 * Kafka: the seam between the message path and the broker, and the lane that paces what is produced.
 * Promises: a sent record is in the log or the sender hears that it may not be; a consumer sees each generation's records in
 * order from a known position; a commit counts only for what this member owns and was handed.
 * Does not: make effects happen once (that is the database's part), delete topics, or let a type of a client library out.
 * Use: `const bus = createKafkaBus({ brokers, clientId, log, metrics })`; in tests `createMemoryBus()`.
 */
export type * from './bus.ts'
export { commitFrom, type CommitSource } from './commit-from.ts'
export { createKafkaBus, type KafkaBusOptions } from './kafkajs/bus.ts'
export { createLane, type Lane, type LaneOptions } from './lane.ts'
export { createMemoryBus } from './memory/bus.ts'
