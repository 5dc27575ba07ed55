import { setTimeout as sleep } from 'node:timers/promises'
import { measureCpu } from './cpu.ts'
import { createLatencies } from './latency.ts'
import type { Seat, Tally } from './seat.ts'

export interface Row {
  readonly id: string
  readonly messagesPerSecond: number
  readonly deliveriesPerSecond: number
  readonly lost: number
  readonly duplicated: number
  readonly reordered: number
  readonly refused: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuMicrosPerMessage: Readonly<Record<string, number>>
}

export interface Room {
  /** Every member online. */
  readonly seats: readonly Seat[]
  /** Those of them who write. */
  readonly writers: readonly Seat[]
}

export interface Plan {
  readonly id: string
  readonly rooms: readonly Room[]
  /** Closed loop: messages in flight for each writer. */
  readonly window?: number
  /** Open loop: messages a second over all writers, at planned times. */
  readonly ratePerSecond?: number
  readonly warmUpMs: number
  readonly measureMs: number
}

/** Processes by the name under which their CPU is reported; several may share a name. */
export type Processes = ReadonlyMap<string, number>

export function createTally(): Tally {
  return {
    acked: 0,
    refused: 0,
    delivered: 0,
    duplicated: 0,
    reordered: 0,
    latencies: createLatencies(),
    isMeasuring: false,
  }
}

/** Runs one plan: warm up, measure, stop sending, wait until everything has arrived, count what is missing. */
export async function runLoad(plan: Plan, tally: Tally, processes: Processes): Promise<Row> {
  const heldBefore = plan.rooms.map((room) => room.seats.map((seat) => seat.held()))
  const load = plan.ratePerSecond === undefined ? closedLoop(plan) : openLoop(plan)
  await sleep(plan.warmUpMs)
  tally.isMeasuring = true
  const startedAt = performance.now()
  const cpu = await measureCpu(processes, () => sleep(plan.measureMs))
  tally.isMeasuring = false
  const seconds = (performance.now() - startedAt) / 1000
  await load.stop()
  const lost = await settle(plan, heldBefore)
  return {
    id: plan.id,
    messagesPerSecond: tally.acked / seconds,
    deliveriesPerSecond: tally.delivered / seconds,
    lost,
    duplicated: tally.duplicated,
    reordered: tally.reordered,
    refused: tally.refused,
    p50Ms: tally.latencies.percentile(50),
    p99Ms: tally.latencies.percentile(99),
    cpuMicrosPerMessage: perMessage(cpu, tally.acked),
  }
}

interface Load {
  /** Sends no more; resolves when every send has its ack, or after ten seconds. */
  stop(): Promise<void>
}

function closedLoop(plan: Plan): Load {
  let isSending = true
  let inFlight = 0
  const writers = plan.rooms.flatMap((room) => room.writers)
  for (const writer of writers) {
    writer.onAck = () => {
      inFlight--
      if (!isSending) return
      inFlight++
      writer.send()
    }
  }
  for (const writer of writers) {
    for (let i = 0; i < plan.window!; i++) {
      inFlight++
      writer.send()
    }
  }
  return {
    async stop() {
      isSending = false
      await until(() => inFlight === 0, 10_000)
    },
  }
}

function openLoop(plan: Plan): Load {
  const writers = plan.rooms.flatMap((room) => room.writers)
  let inFlight = 0
  for (const writer of writers) writer.onAck = () => inFlight--
  const startedAt = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = ((performance.now() - startedAt) / 1000) * plan.ratePerSecond!
    for (; sent < due; sent++) {
      inFlight++
      writers[sent % writers.length]!.send()
    }
  }, 1)
  return {
    async stop() {
      clearInterval(timer)
      await until(() => inFlight === 0, 10_000)
    },
  }
}

/** Everyone in a room must hold the same number of new entries: what the writers had acknowledged. */
async function settle(plan: Plan, heldBefore: number[][]): Promise<number> {
  const missing = () =>
    plan.rooms.reduce((sum, room, r) => {
      const gained = room.seats.map((seat, s) => seat.held() - heldBefore[r]![s]!)
      const most = Math.max(...gained)
      return sum + gained.reduce((lacking, held) => lacking + most - held, 0)
    }, 0)
  await until(() => missing() === 0, 10_000)
  return missing()
}

function perMessage(cpu: Map<string, number>, messages: number): Record<string, number> {
  const byName: Record<string, number> = {}
  for (const [name, seconds] of cpu) {
    const group = name.replace(/-\d+$/, '')
    byName[group] = (byName[group] ?? 0) + (seconds * 1e6) / Math.max(1, messages)
  }
  return byName
}

async function until(isTrue: () => boolean, timeoutMs: number): Promise<void> {
  for (const end = performance.now() + timeoutMs; !isTrue() && performance.now() < end;) await sleep(10)
}
