/**
 * The smoke benchmark: four loads in about a minute, printed beside what the spike of the message path reached without product
 * features on a 2-core machine. It gates nothing; it shows a slip when it happens.
 */
import { createTally, runLoad, type Plan, type Processes, type Room, type Row } from './load.ts'
import { inParallel } from '#tests/support/in-parallel.ts'
import { createPopulation, type Person, type Population } from './population.ts'
import { takeSeat, type Tally } from './seat.ts'

export interface Gateway {
  readonly httpUrl: string
  readonly wsUrl: string
}

export interface QuickOptions {
  readonly gateways: readonly Gateway[]
  readonly processes: Processes
  readonly warmUpMs: number
  readonly measureMs: number
  readonly onProgress: (line: string) => void
}

type Load = Pick<Plan, 'id' | 'window' | 'ratePerSecond'> & { readonly shape: 'pairs' | 'groups' }

const loads: readonly Load[] = [
  { id: 'p2p-w1', shape: 'pairs', window: 1 },
  { id: 'p2p-w8', shape: 'pairs', window: 8 },
  { id: 'group10-w2', shape: 'groups', window: 2 },
  { id: 'latency-1000', shape: 'groups', ratePerSecond: 1000 },
]

export async function quickBench(options: QuickOptions): Promise<Row[]> {
  const population = createPopulation(options.gateways[0]!.httpUrl)
  const startedAt = Date.now()
  options.onProgress('registering 500 users')
  const people = await inParallel(Array.from({ length: 500 }), 8, (_, i) =>
    population.register(`bench-${startedAt}-${i}`),
  )
  const rows: Row[] = []
  for (const load of loads) {
    options.onProgress(`${load.id}: conversations and sockets`)
    const tally = createTally()
    const rooms = await makeRooms(load.shape, population, people, options.gateways, tally)
    options.onProgress(`${load.id}: warm up ${options.warmUpMs} ms, measure ${options.measureMs} ms`)
    rows.push(
      await runLoad(
        { ...load, rooms, warmUpMs: options.warmUpMs, measureMs: options.measureMs },
        tally,
        options.processes,
      ),
    )
    for (const seat of rooms.flatMap((room) => room.seats)) seat.close()
  }
  return rows
}

/** pairs: 100 direct conversations, both write. groups: 50 of 10 members, one writes. All online, spread over the gateways. */
async function makeRooms(
  shape: Load['shape'],
  population: Population,
  people: readonly Person[],
  gateways: readonly Gateway[],
  tally: Tally,
): Promise<Room[]> {
  const [roomCount, size] = shape === 'pairs' ? [100, 2] : [50, 10]
  return inParallel(Array.from({ length: roomCount }), 8, async (_, r) => {
    const members = people.slice(r * size, (r + 1) * size)
    const others = members.slice(1).map((member) => member.id)
    const conversationId =
      shape === 'pairs'
        ? await population.openDirect(members[0]!, others[0]!)
        : await population.openGroup(members[0]!, `bench ${r}`, others)
    const seats = await Promise.all(
      members.map((member, i) => takeSeat(gateways[(r + i) % gateways.length]!.wsUrl, member, conversationId, tally)),
    )
    return { seats, writers: shape === 'pairs' ? seats : seats.slice(0, 1) }
  })
}
