import type { IrcLog } from './irc.ts'

/**
 * full: there from the start to the end. joiner: added before its first line. leaver: leaves after its last line.
 * late: a member from the start whose only device connects when everything is over.
 */
export type Part = 'full' | 'joiner' | 'leaver' | 'late'

export interface Actor {
  readonly nick: string
  readonly part: Part
  readonly deviceCount: number
  /** After so many sent lines of the whole log, its first device's network dies. */
  readonly dropsAtLines: readonly number[]
  /** Index of its first and last line; −1 for who says nothing. */
  readonly firstLine: number
  readonly lastLine: number
}

/** Decides who plays what; the same seed gives the same cast. */
export function castActors(log: IrcLog, seed: number): Actor[] {
  const random = seededRandom(seed)
  const nicks = [...new Set(log.lines.map((line) => line.nick))]
  const first = (nick: string) => log.lines.findIndex((line) => line.nick === nick)
  const last = (nick: string) => log.lines.findLastIndex((line) => line.nick === nick)
  const middle = log.lines.length
  const joiners = pick(
    nicks.slice(1).filter((nick) => first(nick) > 0.4 * middle),
    5,
    random,
  )
  const leavers = pick(
    nicks.slice(1).filter((nick) => last(nick) < 0.6 * middle && !joiners.has(nick)),
    5,
    random,
  )
  const authors = nicks.map((nick): Actor => {
    const part = joiners.has(nick) ? 'joiner' : leavers.has(nick) ? 'leaver' : 'full'
    const drops = part === 'full' && random() < 0.1 ? [random(), random()] : []
    return {
      nick,
      part,
      deviceCount: random() < 0.15 ? 2 : 1,
      dropsAtLines: drops.map((place) => Math.floor(place * log.lines.length)),
      firstLine: first(nick),
      lastLine: last(nick),
    }
  })
  const late = log.onlookers[0] ?? 'onlooker'
  return [...authors, { nick: late, part: 'late', deviceCount: 1, dropsAtLines: [], firstLine: -1, lastLine: -1 }]
}

function pick(candidates: readonly string[], count: number, random: () => number): Set<string> {
  const shuffled = candidates.map((nick) => ({ nick, rank: random() })).sort((a, b) => a.rank - b.rank)
  return new Set(shuffled.slice(0, count).map(({ nick }) => nick))
}

/** Mulberry32: small, and the same on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
