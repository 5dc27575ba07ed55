import { defaultLiveSettings, type LiveSettings } from '#delivery/live-settings.ts'
import type { Rates, RateUse } from './ports.ts'

export type RatesOfKinds = LiveSettings['rates']
export type RateKind = keyof RatesOfKinds
type Rate = RatesOfKinds[RateKind][number]

/** What the loopback profile allows peers on 127.0.0.0/8 instead: a declared rate, never "limits off". */
export const loopbackRate: Rate = { points: 100_000, seconds: 1 }

export interface RatesOptions {
  readonly profile: 'standard' | 'loopback'
  /** What holds for everyone, per gateway. Default: the live settings' default. */
  readonly standard?: RatesOfKinds
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/**
 * Counts in memory, so a limit is what one gateway lets through, and a restart forgets. Synchronous, because it stands on
 * the message path: frames keep their order, and no promise or timer is made per message.
 */
export function createRates(options: RatesOptions): Rates {
  const { profile, now = Date.now } = options
  let published = options.standard ?? defaultLiveSettings.rates
  let standard = limiterOfEachKind((kind) => published[kind], now)
  const loopback = limiterOfEachKind(() => [loopbackRate], now)

  function take(kind: RateKind, ip: string, key: string, cost = 1): RateUse {
    const limiters = profile === 'loopback' && isLoopback(ip) ? loopback : standard
    return limiters[kind](key, cost)
  }

  return {
    profile,
    get standard() {
      return published
    },
    change(next) {
      published = next
      standard = limiterOfEachKind((kind) => next[kind], now)
    },
    takeSend: (userId, ip, count) => take('sends', ip, userId, count).waitMs,
    takeConnection: (ip) => take('connections', ip, addressKey(ip)).waitMs === 0,
    takeRequest: (ip) => take('requests', ip, addressKey(ip)),
    // The address first: who is refused there cannot fill the memory with names, nor lock out the owner of a name.
    takeLogin: (ip, name) =>
      take('loginsFromAddress', ip, addressKey(ip)).waitMs ||
      (name === undefined ? 0 : take('loginsToName', ip, name).waitMs),
  }
}

type Limiter = (key: string, cost: number) => RateUse

function limiterOfEachKind(ratesOf: (kind: RateKind) => readonly Rate[], now: () => number): Record<RateKind, Limiter> {
  const limiter = (kind: RateKind) => createLimiter(ratesOf(kind), now)
  return {
    sends: limiter('sends'),
    requests: limiter('requests'),
    connections: limiter('connections'),
    loginsFromAddress: limiter('loginsFromAddress'),
    loginsToName: limiter('loginsToName'),
  }
}

/** All windows or none: what one refuses is not taken from the others. The answer is the scarcest window's. */
function createLimiter(rates: readonly Rate[], now: () => number): Limiter {
  const windows = rates.map(createWindow)
  return (key, cost) => {
    const nowMs = now()
    const uses = windows.map((window) => window.look(key, cost, nowMs))
    const scarcest = uses.reduce((a, b) =>
      b.waitMs > a.waitMs || (b.waitMs === a.waitMs && b.remaining < a.remaining) ? b : a,
    )
    if (scarcest.waitMs === 0) for (const window of windows) window.take(key, cost)
    return scarcest
  }
}

/**
 * A sliding window from two counters: the one before counts for the share of it that the window still covers. What is
 * older is dropped whole, so memory is bounded by the keys seen in two windows, and there is no timer per key.
 */
function createWindow(rate: Rate) {
  const windowMs = rate.seconds * 1000
  let index = 0
  let current = new Map<string, number>()
  let previous = new Map<string, number>()

  function turn(nowMs: number): void {
    const nowIndex = Math.floor(nowMs / windowMs)
    // A clock that goes back stays in the window it was in.
    if (nowIndex <= index) return
    previous = nowIndex === index + 1 ? current : new Map()
    current = new Map()
    index = nowIndex
  }

  return {
    /** What taking `cost` would come to. More than a window holds takes a whole window, so that it can pass at all. */
    look(key: string, cost: number, nowMs: number): RateUse {
      turn(nowMs)
      const passed = Math.min(1, Math.max(0, (nowMs - index * windowMs) / windowMs))
      const before = previous.get(key) ?? 0
      const used = current.get(key) ?? 0
      const room = rate.points - Math.min(cost, rate.points)
      // Shares are fractions: without rounding, who waits exactly as told could be a billionth short.
      const left = round(room - used - before * (1 - passed))
      return {
        limit: rate.points,
        windowSeconds: rate.seconds,
        remaining: Math.max(0, Math.floor(left)),
        waitMs: left >= 0 ? 0 : Math.max(1, Math.ceil(round(windowMs * (passedWhenRoom(before, used, room) - passed)))),
      }
    },
    take(key: string, cost: number): void {
      current.set(key, (current.get(key) ?? 0) + Math.min(cost, rate.points))
    },
  }
}

/** How much of the current window (above 1: of it and the next) has passed when the counters have sunk to `room`. */
function passedWhenRoom(before: number, used: number, room: number): number {
  if (used <= room) return 1 - (room - used) / before
  return 2 - room / used
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6
}

/** 127.0.0.0/8, also as an IPv6 socket shows it. */
export function isLoopback(ip: string): boolean {
  return /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/.test(ip)
}

/** An address as a key: an IPv6 host owns a /64, so all of it counts as one. */
export function addressKey(ip: string): string {
  const ipv4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/.exec(ip)?.[1]
  if (ipv4 !== undefined) return ipv4
  const [head = '', tail = ''] = ip.split('::')
  const groups = head === '' ? [] : head.split(':')
  const after = tail === '' ? 0 : tail.split(':').length
  while (groups.length + after < 8) groups.push('0')
  return groups.slice(0, 4).join(':')
}
