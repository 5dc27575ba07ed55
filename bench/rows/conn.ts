import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makePeople, type Person } from '#tests/support/crowd.ts'
import { measureCpu, residentMiB, type Processes } from '../driver/processes.ts'
import { rowWithoutMessages, type Row } from '../row.ts'
import type { GoChatOptions } from '../systems/gochat.ts'
import type { HolderAnswer, HolderOrder } from './holder.ts'

export interface ConnOptions {
  readonly connections: number
  readonly holdMs: number
  /** Brings up gateways until there are so many, for the time of the row; what GoChat is then. */
  readonly withGateways: <T>(count: number, work: (options: GoChatOptions) => Promise<T>) => Promise<T>
  readonly onProgress: (line: string) => void
}

/** A process may hold less than 20 000 sockets. */
const perGateway = 18_000
const perHolder = 15_000
const connectTimeoutMs = 5 * 60_000
/** Until what connecting has left behind is collected. */
const calmMs = 3000

/** Connects, holds, and counts what closed. Their other ends live in processes of their own, which are the driver here. */
export function measureConn({ connections, holdMs, withGateways, onProgress }: ConnOptions): Promise<Row> {
  return withGateways(Math.ceil(connections / perGateway), async (options) => {
    const people = await makePeople(options, connections)
    const before = { rss: gatewayMiB(options.processes), slab: slabMiB() }
    await using holders = await startHolders(people, options)
    const startedAt = performance.now()
    const held = await holders.connect((count) => onProgress(`conn: ${count} connections`))
    const connectSeconds = (performance.now() - startedAt) / 1000
    await sleep(calmMs)
    const after = { rss: gatewayMiB(options.processes), slab: slabMiB() }
    onProgress(`conn: holding ${held} connections for ${Math.round(holdMs / 1000)} s`)
    const processes: Processes = new Map([...options.processes, ['driver', [process.pid, ...holders.pids]]])
    const cpu = await measureCpu(processes, () => sleep(holdMs))
    const drops = await holders.countDrops()
    const cores = new Map([...cpu].map(([group, seconds]) => [group, seconds / (holdMs / 1000)]))
    return rowWithoutMessages(
      'conn',
      'gochat',
      {
        connections: held,
        failed: connections - held,
        drops,
        connectsPerSecond: held / connectSeconds,
        kibPerConnection: ((after.rss - before.rss) * 1024) / held,
        kernelKibPerConnection: ((after.slab - before.slab) * 1024) / held,
        idleGatewayCores: cores.get('gateway') ?? 0,
      },
      { closed: drops, refused: connections - held, cpuCores: cores, rssMiB: residentMiB(processes) },
    )
  })
}

function gatewayMiB(processes: Processes): number {
  return residentMiB(processes).get('gateway') ?? 0
}

/** What the kernel holds for all: of a connection both ends, for both are here. */
function slabMiB(): number {
  return Number(/^Slab:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))![1]) / 1024
}

async function startHolders(people: readonly Person[], { gateways }: GoChatOptions) {
  const urls = gateways.map(({ wsUrl }) => wsUrl)
  const count = Math.ceil(people.length / perHolder)
  const children = Array.from({ length: count }, () => fork(join(import.meta.dirname, 'holder.ts')))
  const share = (i: number) => people.filter((_, p) => p % count === i)
  const heldOf = children.map(() => 0)
  const sum = () => heldOf.reduce((total, held) => total + held, 0)
  return {
    pids: children.map(({ pid }) => pid!),
    async connect(onHeld: (count: number) => void): Promise<number> {
      const ticking = setInterval(() => onHeld(sum()), 5000)
      try {
        await Promise.all(
          children.map((child, i) => {
            const tokens = share(i).map(({ token }) => token)
            return ask(child, { order: 'connect', urls, tokens }, connectTimeoutMs, (held) => (heldOf[i] = held))
          }),
        )
      } finally {
        clearInterval(ticking)
      }
      return sum()
    },
    async countDrops(): Promise<number> {
      const drops = await Promise.all(children.map((child) => ask(child, { order: 'count' }, 10_000)))
      return drops.reduce((total, { dropped }) => total + dropped, 0)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(
        children.map(async (child) => {
          if (child.exitCode !== null) return
          child.kill()
          await once(child, 'exit')
        }),
      )
    },
  }
}

/** Sends an order; resolves to the answer that says it is done. */
function ask(
  child: ChildProcess,
  order: HolderOrder,
  timeoutMs: number,
  onHeld: (held: number) => void = () => {},
): Promise<HolderAnswer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('a process that holds connections did not answer')), timeoutMs)
    child.removeAllListeners('message').on('message', (answer: HolderAnswer) => {
      onHeld(answer.held)
      if (!answer.isDone) return
      clearTimeout(timer)
      resolve(answer)
    })
    child.once('exit', () => reject(new Error('a process that holds connections ended')))
    child.send(order)
  })
}
