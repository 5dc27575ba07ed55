/**
 * Testing: the small helpers that unit and integration tests share.
 * Promises: nothing here touches the network but `freePort`, which binds on 127.0.0.1 and lets go.
 * Promises: a wait that fails says what it waited for and what it last saw.
 * Does not: start servers (see `tests/support` and `gochat test`) and is imported by tests only.
 * Use: `await waitFor(() => received.length === 3, { what: 'three messages' })`.
 */
export { fakeClock, type FakeClock } from './fake-clock.ts'
export { freePort } from './free-port.ts'
export { recordingLogger, silentLogger, type RecordingLogger } from './loggers.ts'
export { metricValue, testMetrics } from './metrics.ts'
export { stackEnv, type StackEnv } from './stack-env.ts'
export { waitFor, type WaitOptions } from './wait-for.ts'
