import type { Entry } from '@gochat/sdk'
import type { IrcLog } from './irc.ts'
import type { Ledger } from './ledger.ts'
import type { Stage } from './stage.ts'

export interface ReplayResult {
  readonly lines: number
  readonly users: number
  readonly devices: number
  readonly sent: number
  readonly acknowledged: number
  readonly refused: number
  /** Messages in the REST history. */
  readonly stored: number
  /** Over all devices. */
  readonly deliveredByPush: number
  readonly repairedBySync: number
  /** Pushed frames whose entry the device had already. */
  readonly duplicatesSeen: number
  /** Entries that a device should hold and does not. */
  readonly lost: number
  /** Entries that a device holds otherwise than history does, or out of order. */
  readonly mismatched: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly longestSilenceMs: number
}

/** The replay's own view; tests/verify judges again, from the files and MySQL. */
export function summarize(
  log: IrcLog,
  stage: Stage,
  ledger: Ledger,
  history: ReadonlyMap<number, string>,
): ReplayResult {
  const { devices, members } = stage
  const messages = [...history.values()].map((json) => JSON.parse(json) as Entry).filter(isMessage)
  const full = members.filter(({ actor }) => actor.part === 'full' || actor.part === 'late')
  const lost = full
    .flatMap((player) => player.devices)
    .reduce((sum, device) => sum + missing(device.applied, messages), 0)
  const latencies = ledger.latenciesMs.toSorted((a, b) => a - b)
  const percentile = (part: number) => Math.round((latencies[Math.floor((latencies.length - 1) * part)] ?? 0) * 10) / 10
  return {
    lines: log.lines.length,
    users: members.length,
    devices: devices.length,
    sent: ledger.sent,
    acknowledged: ledger.acked,
    refused: ledger.refused,
    stored: messages.length,
    deliveredByPush: sum(devices.map((device) => device.counts.pushed)),
    repairedBySync: sum(devices.map((device) => device.counts.repaired)),
    duplicatesSeen: sum(devices.map((device) => device.counts.duplicates)),
    lost,
    mismatched: sum(devices.map((device) => mismatches(device.applied, history))),
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
    longestSilenceMs: Math.round(ledger.longestSilenceMs),
  }
}

/** Nothing refused, lost or different, and every line acknowledged and stored. */
export function isClean(result: ReplayResult): boolean {
  const { lines, acknowledged, stored, lost, mismatched } = result
  return acknowledged === lines && stored === lines && lost === 0 && mismatched === 0
}

function missing(applied: readonly Entry[], messages: readonly Entry[]): number {
  const held = new Set(applied.map((entry) => entry.seq))
  return messages.filter((message) => !held.has(message.seq)).length
}

function mismatches(applied: readonly Entry[], history: ReadonlyMap<number, string>): number {
  return applied.filter((entry, i) => {
    const isNext = i === 0 || entry.seq === applied[i - 1]!.seq + 1
    const stored = history.get(entry.seq)
    return !isNext || stored === undefined || !isSame(entry, JSON.parse(stored) as Entry)
  }).length
}

function isSame(a: Entry, b: Entry): boolean {
  const content = ({ seq, type, senderId, clientMessageId, body }: Entry) =>
    JSON.stringify([seq, type, senderId, clientMessageId, body])
  return content(a) === content(b)
}

function isMessage(entry: Entry): boolean {
  return entry.clientMessageId !== undefined
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
