/** Everything that the worker can run, by its workflow type. */
export { deadLetter } from './dead-letter.ts'
export { groupFanout } from './group-fanout.ts'
export { reconcile } from './reconcile.ts'
export { redriveBatch } from './redrive-batch.ts'
