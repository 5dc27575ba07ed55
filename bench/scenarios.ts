import type { Release } from './driver/ledger.ts'
import type { Shape } from './driver/room.ts'

/** What a row should reach on a 2-core machine with the driver on the same cores; printed beside it, never judged. */
export interface Target {
  readonly messagesPerSecond?: number
  readonly deliveriesPerSecond?: number
  readonly p50Ms?: number
  readonly p99Ms?: number
  /** In all server processes. */
  readonly cpuMicrosPerMessage?: number
  /** Of messages (or deliveries, or rows) a second, to a peer's of the same run. */
  readonly ratio?: Readonly<Record<string, number>>
  /** Of the row's own figures; `most` marks one that should stay below. */
  readonly figures?: Readonly<Record<string, { readonly least: number } | { readonly most: number }>>
}

interface Common {
  readonly id: string
  readonly about: string
  readonly peers: readonly PeerName[]
  readonly target: Target
}

export const peerNames = ['ejabberd', 'socket.io', 'bare', 'raw-inserts'] as const
export type PeerName = (typeof peerNames)[number]

export interface LoadScenario extends Common {
  readonly kind: 'load'
  readonly shape: Shape
  readonly window?: number
  readonly release?: Release
  readonly ratePerSecond?: number
  /** Whether the cores that all our processes use are a figure of the row. */
  readonly countsCores?: true
}

/** Rows that are no exchange of messages; each has a file of its own. */
export interface OtherScenario extends Common {
  readonly kind: 'sync' | 'conn' | 'repo'
}

export type Scenario = LoadScenario | OtherScenario

const pairs: Shape = { name: 'pairs', rooms: 100, members: 2, writers: 2 }
const groups: Shape = { name: 'groups', rooms: 50, members: 10, writers: 1 }
const crowd: Shape = { name: 'crowd', rooms: 1, members: 1000, writers: 1 }
const circle: Shape = { name: 'circle', rooms: 1, members: 50, writers: 50 }
const everybody: readonly PeerName[] = ['ejabberd', 'socket.io', 'bare']

/** A writer's slot is free again at the ack, in `crowd` when everybody has the message: as the peers were measured. */
export const scenarios: readonly Scenario[] = [
  p2p(1, { messagesPerSecond: 12_000, p99Ms: 20, ratio: { ejabberd: 3 } }),
  p2p(8, { messagesPerSecond: 34_000, cpuMicrosPerMessage: 40, ratio: { ejabberd: 7 } }),
  group10(1, { messagesPerSecond: 6000 }),
  group10(2, { messagesPerSecond: 9000, ratio: { ejabberd: 5 } }),
  group10(8, { messagesPerSecond: 22_000, deliveriesPerSecond: 200_000 }),
  fan1k(1, { deliveriesPerSecond: 130_000 }),
  fan1k(4, { deliveriesPerSecond: 350_000, ratio: { ejabberd: 10 } }),
  fan1k(8, { deliveriesPerSecond: 650_000 }),
  {
    id: 'hot',
    about: 'one conversation of 50, all write, 4 in flight each',
    kind: 'load',
    shape: circle,
    window: 4,
    peers: everybody,
    target: { messagesPerSecond: 10_000, deliveriesPerSecond: 490_000, ratio: { ejabberd: 15 } },
  },
  latency(1000, ['ejabberd', 'bare'], { p50Ms: 4, p99Ms: 10, cpuMicrosPerMessage: 900 }),
  latency(3000, ['bare'], { p99Ms: 25 }),
  latency(5000, ['bare'], { p99Ms: 35 }),
  {
    id: 'idle',
    about: '50 messages a second in groups of 10: what the whole stack costs when little happens',
    kind: 'load',
    shape: groups,
    ratePerSecond: 50,
    countsCores: true,
    peers: [],
    target: { figures: { coresOfOurs: { most: 0.2 } } },
  },
  {
    id: 'sync',
    about: 'history pages of 50 by seq, 40 sockets, one page in flight each',
    kind: 'sync',
    peers: [],
    target: { p99Ms: 10, figures: { pagesPerSecond: { least: 8000 } } },
  },
  {
    id: 'repo',
    about: 'rows through AppendStream, 500 a transaction over 50 conversations, two streams',
    kind: 'repo',
    peers: ['raw-inserts'],
    target: { messagesPerSecond: 40_000, ratio: { 'raw-inserts': 0.6 } },
  },
  {
    id: 'conn',
    about: 'authenticated WebSockets that are only held',
    kind: 'conn',
    peers: [],
    target: {
      figures: { drops: { most: 0 }, kibPerConnection: { most: 16 }, idleGatewayCores: { most: 0.25 } },
    },
  },
]

/** Before all rows, not measured. */
export const warmUpScenario = group10(8, {})

export const quickIds = ['p2p-w1', 'p2p-w8', 'group10-w2', 'group10-w8', 'fan1k-w4', 'hot', 'latency-1000', 'repo']
/** Up in a second, where ejabberd must be installed, started, and given a thousand accounts. */
export const quickPeers: readonly PeerName[] = ['socket.io', 'raw-inserts']

function p2p(window: number, target: Target): LoadScenario {
  const about = `100 pairs, both write, ${window} in flight each`
  return { id: `p2p-w${window}`, about, kind: 'load', shape: pairs, window, peers: everybody, target }
}

function group10(window: number, target: Target): LoadScenario {
  const about = `50 groups of 10 online, one writer each, ${window} in flight`
  return { id: `group10-w${window}`, about, kind: 'load', shape: groups, window, peers: everybody, target }
}

function fan1k(window: number, target: Target): LoadScenario {
  const about = `one group of 1 000 online, a large conversation by its size, one writer, ${window} in flight`
  return { id: `fan1k-w${window}`, about, kind: 'load', shape: crowd, window, release: 'all', peers: everybody, target }
}

function latency(ratePerSecond: number, peers: readonly PeerName[], target: Target): LoadScenario {
  const about = `${ratePerSecond} messages a second at planned times, 50 groups of 10, one writer each`
  return { id: `latency-${ratePerSecond}`, about, kind: 'load', shape: groups, ratePerSecond, peers, target }
}
