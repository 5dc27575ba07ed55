import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client'

export type { Counter, Gauge, Histogram } from '@prometheus-io/client'

/** Seconds, 0.5 ms to 10 s. */
export const latencyBuckets: readonly number[] = [
  0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10,
]

/** Of `setInterval`: 25 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export interface Metrics {
  /** Only goes up; the name ends in `_total`. */
  counter<Label extends string = never>(name: string, help: string, labelNames?: readonly Label[]): Counter<Label>
  gauge<Label extends string = never>(name: string, help: string, labelNames?: readonly Label[]): Gauge<Label>
  /** The name ends in its unit, such as `_seconds`. Default buckets: `latencyBuckets`. */
  histogram<Label extends string = never>(
    name: string,
    help: string,
    buckets?: readonly number[],
    labelNames?: readonly Label[],
  ): Histogram<Label>
  /** Runs before each scrape, to set gauges from what is counted elsewhere (a pool, a queue). Returns how to stop it. */
  onScrape(collect: () => void): () => void
  /** Everything, in Prometheus' text format. */
  text(): Promise<string>
  readonly contentType: string
}

export interface MetricsOptions {
  readonly service: string
  readonly instance: string
  /** CPU, memory, GC, event-loop lag. Default true; these hold observers, so unit tests leave them out. */
  readonly hasProcessMetrics?: boolean
}

/** Every sample carries the labels `service` and `instance`. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry()
  registry.setDefaultLabels({ service: options.service, instance: options.instance })
  if (options.hasProcessMetrics !== false) collectProcessMetrics(registry)

  const known = new Map<string, { shape: string; metric: unknown }>()
  const registers = [registry]
  const scrapeHooks = new Set<() => void>()

  function once<T>(name: string, shape: string, create: () => T): T {
    if (!/^gochat(_[a-z0-9]+)+$/.test(name)) throw new Error(`metric ${name}: the name must look like gochat_noun_unit`)
    const entry = known.get(name)
    if (entry !== undefined && entry.shape !== shape) {
      throw new Error(`metric ${name}: is ${entry.shape}, cannot also be ${shape}`)
    }
    const metric = (entry?.metric as T | undefined) ?? create()
    known.set(name, { shape, metric })
    return metric
  }

  const metrics: Metrics = {
    counter(name, help, labelNames = []) {
      if (!name.endsWith('_total')) throw new Error(`metric ${name}: a counter's name must end in _total`)
      return once(name, `counter(${labelNames.join()})`, () => new Counter({ name, help, labelNames, registers }))
    },
    gauge(name, help, labelNames = []) {
      return once(name, `gauge(${labelNames.join()})`, () => new Gauge({ name, help, labelNames, registers }))
    },
    histogram(name, help, buckets = latencyBuckets, labelNames = []) {
      const shape = `histogram(${labelNames.join()})[${buckets.join()}]`
      return once(name, shape, () => new Histogram({ name, help, labelNames, buckets: [...buckets], registers }))
    },
    onScrape(collect) {
      scrapeHooks.add(collect)
      return () => void scrapeHooks.delete(collect)
    },
    async text() {
      for (const collect of scrapeHooks) {
        try {
          collect()
        } catch {
          // One broken gauge must not hide all the others.
          failedHooks.inc()
        }
      }
      return registry.metrics()
    },
    contentType: registry.contentType,
  }
  if (options.hasProcessMetrics !== false) showEventLoopUse(metrics)
  const failedHooks = metrics.counter('gochat_metrics_hooks_failed_total', 'Scrape hooks that threw.')
  return metrics
}

/**
 * The library's own event loop utilisation is left out: it samples ten times a second, which is most of what an idle process
 * does, to say what `gochat_event_loop_busy_ratio` says.
 */
function collectProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopUtilizationTimeout: LONGEST_TIMER_MS })
  for (const form of ['summary', 'histogram']) registry.removeSingleMetric(`nodejs_eventloop_utilization_${form}`)
}

/** How busy the event loop was since the scrape before. */
function showEventLoopUse(metrics: Metrics): void {
  const busy = metrics.gauge(
    'gochat_event_loop_busy_ratio',
    'Share of time in which the event loop was at work, 0 to 1.',
  )
  let before = performance.eventLoopUtilization()
  metrics.onScrape(() => {
    const now = performance.eventLoopUtilization()
    busy.set(performance.eventLoopUtilization(now, before).utilization)
    before = now
  })
}
