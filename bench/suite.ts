import { setTimeout as sleep } from 'node:timers/promises'
import { createMeter } from './driver/ledger.ts'
import { runLoad } from './driver/load.ts'
import type { Row } from './row.ts'
import type { LoadScenario, Scenario } from './scenarios.ts'
import type { System } from './systems/system.ts'

export interface Spell {
  readonly warmUpMs: number
  readonly measureMs: number
}

/** Who runs in the rows: GoChat, and its peers. */
export interface Contestant {
  readonly name: string
  measure(scenario: Scenario): Promise<Row>
}

export interface SuiteOptions {
  readonly scenarios: readonly Scenario[]
  readonly gochat: Contestant
  /** Those that run. */
  readonly peers: ReadonlyMap<string, Contestant>
  /** Why the others do not, by name. */
  readonly absent: ReadonlyMap<string, string>
  /** How often each row is run with everybody in turn. */
  readonly pairs: number
  /** Between two contestants, so that what the one has left to do is not charged to the other. Default 500. */
  readonly pauseMs?: number
  readonly onProgress: (line: string) => void
}

/** One scenario: what each contestant did, GoChat first. */
export interface Result {
  readonly scenario: Scenario
  readonly runs: ReadonlyMap<string, readonly Row[]>
  /** Peers of this row that were not there, or failed: why. */
  readonly absent: ReadonlyMap<string, string>
}

/** Runs every scenario, its contestants in turn: A B C, A B C. */
export async function runSuite(options: SuiteOptions): Promise<Result[]> {
  const results: Result[] = []
  for (const scenario of options.scenarios) results.push(await runScenario(scenario, options))
  return results
}

async function runScenario(scenario: Scenario, options: SuiteOptions): Promise<Result> {
  const { gochat, peers, pauseMs = 500, onProgress } = options
  const absent = new Map([...options.absent].filter(([name]) => scenario.peers.some((peer) => peer === name)))
  const present = scenario.peers.flatMap((name) => peers.get(name) ?? [])
  const runs = new Map<string, Row[]>([gochat, ...present].map(({ name }) => [name, []]))
  const times = timesOf(scenario, options.pairs)
  for (let time = 1; time <= times; time += 1) {
    for (const contestant of [gochat, ...present]) {
      const { name } = contestant
      if (absent.has(name)) continue
      onProgress(`${scenario.id}: ${name}${times > 1 ? `, ${time} of ${times}` : ''}`)
      try {
        runs.get(name)!.push(await contestant.measure(scenario))
      } catch (error) {
        // The other rows are worth having.
        const reason = error instanceof Error ? error.message : String(error)
        onProgress(`${scenario.id}: ${name} failed: ${reason}`)
        absent.set(name, `failed: ${reason}`)
      }
      await sleep(pauseMs)
    }
  }
  for (const [name, rows] of runs) if (rows.length === 0) runs.delete(name)
  return { scenario, runs, absent }
}

/** Connecting tens of thousands once is enough. */
export function timesOf(scenario: Scenario, pairs: number): number {
  return scenario.kind === 'conn' ? 1 : pairs
}

/** Our processes; the others are the servers under them. */
const ours = ['gateway', 'logic', 'repo', 'tasks', 'worker', 'dispatcher']

/** What is done around a row, such as profiling it. */
export type Around = <T>(id: string, work: () => Promise<T>) => Promise<T>

/**
 * Some load that is not measured, before the first row: processes that have just started mostly compile themselves, and take two
 * or three times as much CPU for everything.
 */
export async function warmUp(system: System, scenario: LoadScenario, forMs: number): Promise<void> {
  await measureLoad(system, scenario, { warmUpMs: forMs, measureMs: 1 })
}

/** A scenario of messages, by a system that carries some. Making and opening its rooms is not part of the row. */
export async function measureLoad(
  system: System,
  scenario: LoadScenario,
  spell: Spell,
  around: Around = (_, work) => work(),
): Promise<Row> {
  const meter = createMeter()
  const rooms = await system.open(scenario.shape, meter)
  try {
    const { id, window, release, ratePerSecond } = scenario
    const pace = { ...(window && { window }), ...(release && { release }), ...(ratePerSecond && { ratePerSecond }) }
    const plan = { id, system: system.name, rooms, ...pace, ...spell }
    const row = await around(id, () => runLoad(plan, meter, system.processes))
    if (!scenario.countsCores) return row
    return { ...row, figures: { coresOfOurs: ours.reduce((sum, group) => sum + (row.cpuCores.get(group) ?? 0), 0) } }
  } finally {
    for (const { seats } of rooms) for (const seat of seats) seat.close()
  }
}
