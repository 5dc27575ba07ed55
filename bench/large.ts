/**
 * One group of very many members: when a message reaches the first and the last of those who are online, how fast those who
 * are away are settled, what that costs Temporal, and whether a small group beside it feels anything of it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { makeCrowd } from '#tests/support/crowd.ts'
import { inParallel } from '#tests/support/in-parallel.ts'
import { createMeter, Ledger, type Meter } from './driver/ledger.ts'
import { runLoad } from './driver/load.ts'
import type { Room } from './driver/room.ts'
import { openListeners, type Arrival } from './listeners.ts'
import type { Row } from './row.ts'
import type { GoChatOptions } from './systems/gochat.ts'
import { makeConversations } from './systems/gochat-conversations.ts'
import { takeSeat } from './systems/gochat-seat.ts'
import { countHistory, watchSettling, type HistoryCounts, type Settling } from './settling.ts'

export interface LargeOptions extends GoChatOptions {
  readonly temporal: { readonly address: string; readonly namespace: string }
  readonly members: number
  readonly online: number
  /** Messages a second into the large group. */
  readonly ratePerSecond: number
  /** For each of the four spells: without load, with, without, with. */
  readonly spellMs: number
  readonly onProgress: (line: string) => void
}

export interface LargeReport {
  readonly members: number
  readonly online: number
  readonly messages: number
  readonly lost: number
  readonly duplicated: number
  readonly first: Spread
  readonly last: Spread
  readonly settling: Settling
  readonly history: HistoryCounts
  /** Of the small group, alternating: without load and with. */
  readonly beside: { readonly alone: readonly Row[]; readonly loaded: readonly Row[] }
}

export interface Spread {
  readonly p50Ms: number
  readonly p99Ms: number
}

/** A small group of ten, one of whom writes so often. */
const besidePerSecond = 50
const settleTimeoutMs = 120_000

export async function largeBench(options: LargeOptions): Promise<LargeReport> {
  const { gateways, members, online, onProgress } = options
  const crowd = await makeCrowd({ ...options, httpUrls: gateways.map(({ httpUrl }) => httpUrl), size: members })
  onProgress(`sockets: ${online}`)
  const listeners = await openListeners(crowd.people.slice(1, online + 1), gateways)
  const ledger = new Ledger(createMeter(), 1)
  const writer = await takeSeat(gateways[0]!.wsUrl, crowd.people[0]!, crowd.conversationId, ledger, 0)
  const send = (dueMs: number) => {
    ledger.sent()
    writer.send(dueMs)
  }
  const besideMeter = createMeter()
  const room = await makeSmallGroup(options, besideMeter)
  const settling = await watchSettling(options.mysqlUrl, crowd.conversationId)
  const beside = { alone: [] as Row[], loaded: [] as Row[] }
  let messages = 0
  try {
    // What making the group has left to settle is not measured.
    await settling.untilSettled(settleTimeoutMs)
    settling.start()
    for (const isLoaded of [false, true, false, true]) {
      onProgress(`a small group ${isLoaded ? `beside ${options.ratePerSecond} messages a second` : 'alone'}`)
      const load = isLoaded ? sendSteadily(send, options.ratePerSecond) : undefined
      const row = await runLoad(
        {
          id: isLoaded ? 'beside' : 'alone',
          system: 'gochat',
          rooms: [room],
          ratePerSecond: besidePerSecond,
          warmUpMs: 1000,
          measureMs: options.spellMs,
        },
        Object.assign(besideMeter, createMeter()),
        options.processes,
      )
      messages += load?.stop() ?? 0
      beside[isLoaded ? 'loaded' : 'alone'].push(row)
    }
    onProgress('everybody is settled')
    await settling.untilSettled(settleTimeoutMs)
    await waitForArrivals(listeners.arrivals, messages, listeners.count)
    const arrivals = [...listeners.arrivals.values()]
    return {
      members,
      online,
      messages,
      lost: arrivals.reduce(
        (sum, { sockets }) => sum + listeners.count - sockets,
        (messages - arrivals.length) * listeners.count,
      ),
      duplicated: listeners.duplicated,
      first: spread(arrivals.map(({ firstMs }) => firstMs)),
      last: spread(arrivals.map(({ lastMs }) => lastMs)),
      settling: settling.report(),
      history: await countHistory(options.temporal, crowd.conversationId, settling.startedAt, messages),
      beside,
    }
  } finally {
    listeners.close()
    writer.close()
    room.seats.forEach((seat) => seat.close())
    await settling[Symbol.asyncDispose]()
  }
}

async function makeSmallGroup(options: LargeOptions, meter: Meter): Promise<Room> {
  const [conversation] = await makeConversations(options, { rooms: 1, members: 10 })
  const { id, members } = conversation!
  const ledger = new Ledger(meter, members.length)
  const seats = await inParallel(members, 4, (person, place) =>
    takeSeat(options.gateways[place % options.gateways.length]!.wsUrl, person, id, ledger, place),
  )
  return { seats, writerCount: 1, ledger }
}

/** At planned times, however long answers take. */
function sendSteadily(send: (dueMs: number) => void, ratePerSecond: number): { stop(): number } {
  const startedAt = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    for (;;) {
      const dueMs = startedAt + (sent * 1000) / ratePerSecond
      if (dueMs > performance.now()) return
      send(dueMs)
      sent++
    }
  }, 5)
  return {
    stop() {
      clearInterval(timer)
      return sent
    },
  }
}

async function waitForArrivals(
  arrivals: ReadonlyMap<number, Arrival>,
  messages: number,
  sockets: number,
): Promise<void> {
  const isComplete = () =>
    arrivals.size >= messages && [...arrivals.values()].every((arrival) => arrival.sockets >= sockets)
  for (const end = performance.now() + 10_000; !isComplete() && performance.now() < end;) await sleep(50)
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.floor((sorted.length - 1) * part)] ?? 0
  return { p50Ms: at(0.5), p99Ms: at(0.99) }
}
