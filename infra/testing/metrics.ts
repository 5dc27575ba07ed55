import { createMetrics, type Metrics } from '../metrics/index.ts'

export function testMetrics(): Metrics {
  return createMetrics({ service: 'test', instance: 'test-1', hasProcessMetrics: false })
}

/** The one sample of that name that carries at least these labels; undefined when there is none. */
export async function metricValue(
  metrics: Metrics,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number | undefined> {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  const sample = (await metrics.text())
    .split('\n')
    .find((line) => line.startsWith(`${name}{`) && wanted.every((pair) => line.includes(pair)))
  return sample === undefined ? undefined : Number(sample.slice(sample.lastIndexOf(' ') + 1))
}
