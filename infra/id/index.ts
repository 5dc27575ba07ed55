/**
 * Ids: 64-bit numbers in order of time, as decimal strings, and ULIDs for ids that clients choose.
 * Promises: no two processes that hold different worker numbers make the same id; one generator's ids only grow.
 * Promises: a worker number is leased in etcd; when the lease is lost another number is taken.
 * Does not: number messages. A message is (conversationId, seq), and seq comes from the conversation's own counter.
 * Use: `const lease = await leaseWorkerNumber(…); const newId = createIdGenerator({ worker: () => lease.worker })`.
 */
export { createIdGenerator, timeOfId, type IdGeneratorOptions } from './generator.ts'
export { createUlid, isUlid } from './ulid.ts'
export { leaseWorkerNumber, type WorkerLease, type WorkerLeaseOptions } from './worker-lease.ts'
