/** What one system did in one row, once or, in the table, as the median of several times. */
export interface Row {
  readonly id: string
  readonly system: string
  readonly messagesPerSecond: number
  readonly deliveriesPerSecond: number
  readonly lost: number
  readonly duplicated: number
  readonly reordered: number
  readonly refused: number
  /** Connections that closed without being asked to. */
  readonly closed: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** By group of processes. */
  readonly cpuMicrosPerMessage: ReadonlyMap<string, number>
  readonly cpuMicrosPerDelivery: ReadonlyMap<string, number>
  readonly cpuCores: ReadonlyMap<string, number>
  readonly rssMiB: ReadonlyMap<string, number>
  /** What this row measures besides, by name with its unit: pagesPerSecond, connections. */
  readonly figures: Readonly<Record<string, number>>
}

/** A row in which no messages were sent. */
export function rowWithoutMessages(
  id: string,
  system: string,
  figures: Readonly<Record<string, number>>,
  measured: Partial<Row> = {},
): Row {
  return {
    id,
    system,
    messagesPerSecond: 0,
    deliveriesPerSecond: 0,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    refused: 0,
    closed: 0,
    p50Ms: 0,
    p99Ms: 0,
    maxMs: 0,
    cpuMicrosPerMessage: new Map(),
    cpuMicrosPerDelivery: new Map(),
    cpuCores: new Map(),
    rssMiB: new Map(),
    figures,
    ...measured,
  }
}

/** Whether a row fails the run: never because it was slow. */
export function isClean({ lost, duplicated, reordered, refused, closed }: Row): boolean {
  return lost + duplicated + reordered + refused + closed === 0
}

/** Everything but the driver, which no user of the system runs. */
export function serverSum(byGroup: ReadonlyMap<string, number>): number {
  return [...byGroup].reduce((sum, [group, value]) => (group === 'driver' ? sum : sum + value), 0)
}
