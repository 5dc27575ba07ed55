/**
 * Metrics: one Prometheus registry per process, and the admin server that shows it next to health and readiness.
 * Promises: names start with `gochat_`, asking for a name twice gives the same metric, process and event-loop metrics are there.
 * Promises: the admin server listens on 127.0.0.1 unless told otherwise and never ends the process.
 * Does not: push, aggregate across processes, or take labels of unbounded range (no user, conversation or connection ids).
 * Use: `createMetrics({ service: 'gateway', instance: 'gateway-1' }).counter('gochat_gateway_frames_total', 'Frames read.').inc()`.
 */
export { startAdminServer, type AdminServer, type AdminServerOptions, type Readiness } from './admin-server.ts'
export { createMetrics, latencyBuckets, type Counter, type Gauge, type Histogram, type Metrics } from './metrics.ts'
