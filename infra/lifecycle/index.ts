/**
 * Lifecycle: how a process starts and stops, and the timers that stop with it.
 * Promises: SIGTERM stops everything in reverse order of its creation, within a bound; asking twice changes nothing.
 * Promises: an error that nobody caught is logged and ends the process non-zero through the same stop.
 * Does not: restart anything. That is the supervisor's work (`gochat up`, Kubernetes).
 * Use: `await runProcess(async ({ stack }) => { stack.use(await startServer()) }, { log })`.
 */
export { crashPoint, refuseCrashPoints, type CrashPoint } from './crash-point.ts'
export { backoff, type BackoffOptions } from './backoff.ts'
export { every, type EveryOptions, type Loop } from './every.ts'
export { runProcess, type ProcessContext, type ProcessOptions } from './run-process.ts'
export { sleep } from './sleep.ts'
export { withTimeout } from './with-timeout.ts'
