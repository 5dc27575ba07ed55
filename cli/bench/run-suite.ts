import { mkdir, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { gochatContestant, peerContestants } from '../../bench/contestants.ts'
import { startPeers } from '../../bench/peers/start.ts'
import { withCpuProfiles } from '../../bench/profile/collect.ts'
import { printSummary, summarize, type CpuProfile } from '../../bench/profile/summary.ts'
import { jsonReport } from '../../bench/report/json.ts'
import { printResults } from '../../bench/report/table.ts'
import { thisMachine } from '../../bench/report/format.ts'
import { isClean } from '../../bench/row.ts'
import { warmUpScenario, type PeerName, type Scenario } from '../../bench/scenarios.ts'
import { runSuite, timesOf, warmUp, type Around, type Spell } from '../../bench/suite.ts'
import { createGoChat } from '../../bench/systems/gochat.ts'
import type { CommandContext } from '../context.ts'
import { openRunningStack, type RunningStack } from './running-stack.ts'

export interface SuiteRun {
  readonly scenarios: readonly Scenario[]
  readonly peers: readonly PeerName[]
  readonly pairs: number
  readonly spell: Spell
  readonly connections: number
  readonly profileFolder: string | undefined
  readonly isJson: boolean
}

/** GoChat is many processes, a peer is one. */
const warmUpMs = { gochat: 20_000, peer: 5000 }
/** Opening rooms, and waiting until everything has come. */
const aroundSpellMs = 2500
const print = (line: string): void => console.log(line)
const onProgress = (line: string): void => console.error(line)

/** @returns the exit code: 1 when anything was lost, duplicated, reordered or refused, or a row of ours failed. */
export async function runSuiteCommand(run: SuiteRun, context: CommandContext): Promise<number> {
  const { scenarios, pairs, spell, connections, profileFolder } = run
  await using stack = await openRunningStack(context)
  const exit = (): void => process.exit(130)
  const endEarly = (): void => void stack[Symbol.asyncDispose]().then(exit, exit)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, endEarly)

  const peers = run.peers.filter((name) => scenarios.some((scenario) => scenario.peers.includes(name)))
  onProgress(`${scenarios.length} rows, about ${Math.ceil(estimateMs(run, peers) / 60_000)} minutes`)
  const { gochat } = stack
  const peerContext = { ...gochat, profile: context.profile, launch: stack.launch, report: onProgress }
  const { systems, absent } = await startPeers(peers, peerContext)
  const around: Around =
    profileFolder === undefined ? (_, work) => work() : await profiling(resolve(profileFolder), stack, context.root)
  const contest = {
    ...gochat,
    repoHost: stack.repoHost,
    withGateways: stack.withGateways,
    spell,
    connections,
    around,
    onProgress,
  }
  const all = peerContestants(systems, contest)
  const wanted = new Map(peers.flatMap((name) => (all.has(name) ? [[name, all.get(name)!] as const] : [])))
  for (const system of [createGoChat(gochat), ...systems]) {
    onProgress(`warm-up: ${system.name}`)
    await warmUp(system, warmUpScenario, system.name === 'gochat' ? warmUpMs.gochat : warmUpMs.peer)
  }
  const results = await runSuite({
    scenarios,
    gochat: gochatContestant(contest),
    peers: wanted,
    absent,
    pairs,
    onProgress,
  })
  if (run.isJson) print(JSON.stringify(jsonReport(results, thisMachine()), null, 2))
  else printResults(results, notAskedFor(run), thisMachine(), print)
  const isGood = results.every(({ runs, absent }) => !absent.has('gochat') && [...runs.values()].flat().every(isClean))
  return isGood ? 0 : 1
}

function notAskedFor({ scenarios, peers }: SuiteRun): PeerName[] {
  const possible = new Set(scenarios.flatMap((scenario) => scenario.peers))
  return [...possible].filter((name) => !peers.includes(name))
}

function estimateMs({ scenarios, pairs, spell }: SuiteRun, peers: readonly PeerName[]): number {
  const spells = scenarios.map((scenario) => {
    const present = scenario.peers.filter((name) => peers.includes(name)).length
    return timesOf(scenario, pairs) * (1 + present) * (scenario.kind === 'conn' ? 8 : 1)
  })
  const allWarmUpMs = warmUpMs.gochat + peers.length * warmUpMs.peer
  return spells.reduce((sum, count) => sum + count * (spell.warmUpMs + spell.measureMs + aroundSpellMs), allWarmUpMs)
}

/** Every process of ours profiles itself meanwhile; what they were busy with is told row by row. */
async function profiling(folder: string, { ours }: RunningStack, root: string): Promise<Around> {
  await mkdir(folder, { recursive: true })
  return async (id, work) => {
    const { value, files } = await withCpuProfiles(ours, folder, id, work)
    onProgress(`\n${id}: where the CPU went; profiles are in ${folder}`)
    for (const [name, file] of files) {
      const profile = JSON.parse(await readFile(file, 'utf8')) as CpuProfile
      printSummary(name, summarize(profile, root), onProgress)
    }
    return value
  }
}
