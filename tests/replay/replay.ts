/**
 * Plays an IRC log through the running system: a user per nick, one group, each line sent by its author over its own socket.
 * Writes down everything that went out and came in, so that tests/verify can judge it without trusting any code of ours.
 */
import { rmSync } from 'node:fs'
import { createRest, type Rest } from '@gochat/sdk'
import { castActors } from './cast.ts'
import { parseIrc } from './irc.ts'
import { createLedger } from './ledger.ts'
import { perform, type Barrier } from './perform.ts'
import { createRecorder, writeJson } from './recorder.ts'
import { summarize, type ReplayResult } from './result.ts'
import { setStage, type Stage } from './stage.ts'

export interface ReplayOptions {
  /** The log itself, and the name it goes by. */
  readonly content: string
  readonly fileName: string
  readonly order: 'log' | 'author'
  readonly folder: string
  readonly httpUrls: readonly string[]
  readonly wsUrls: readonly string[]
  /** Lines a second in author order; 0: as fast as they go. Default 60: one process plays every client. */
  readonly ratePerSecond?: number
  /** Default 1. */
  readonly seed?: number
  /** Only the first so many lines. Default: all. */
  readonly maxLines?: number
  readonly barriers?: readonly Barrier[]
  /** The group is there and everybody is connected; nothing has been said yet. */
  readonly onStage?: (conversationId: string) => void | Promise<void>
  /** Everything that was said is answered; the late one has not come yet. */
  readonly onPlayed?: () => void | Promise<void>
  readonly signal?: AbortSignal
  readonly onProgress?: (line: string) => void
  /** How long the end may take, until everybody holds everything. Default 120 000 ms. */
  readonly settleTimeoutMs?: number
}

export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  const signal = options.signal ?? new AbortController().signal
  const onProgress = options.onProgress ?? (() => {})
  const seed = options.seed ?? 1
  const parsed = parseIrc(options.content)
  const log = { ...parsed, lines: parsed.lines.slice(0, options.maxLines ?? Infinity) }
  const run = `r${Date.now().toString(36)}`
  rmSync(options.folder, { recursive: true, force: true })
  // Patient: in fault tests parts of the system are down for a while.
  const rest = createRest({ baseUrl: options.httpUrls, maxAttempts: 40, signal })
  const stage = await setStage({ ...options, actors: castActors(log, seed), rest, run, onProgress })
  await options.onStage?.(stage.conversationId)
  const ledger = createLedger(options.folder, run)
  const progress = setInterval(
    () => onProgress(`lines: ${ledger.acked} of ${log.lines.length} acknowledged, ${ledger.unacked} on the way`),
    2000,
  )
  try {
    const { order } = options
    await perform(log, stage, ledger, {
      order,
      ratePerSecond: options.ratePerSecond ?? 60,
      barriers: options.barriers ?? [],
      signal,
    })
    await options.onPlayed?.()
    onProgress('everything is answered; the late one connects, everybody syncs')
    await stage.settle(options.settleTimeoutMs ?? 120_000)
    const history = await fetchHistory(rest, stage, options.folder)
    writeRun(options, stage, run, seed, log.lines.length)
    const result = summarize(log, stage, ledger, history)
    writeJson(options.folder, 'result.json', result)
    return result
  } finally {
    clearInterval(progress)
    await Promise.all([stage.close(), ledger.close()])
  }
}

/** The whole conversation as the owner sees it over REST. */
async function fetchHistory(rest: Rest, stage: Stage, folder: string): Promise<Map<number, string>> {
  const history = new Map<number, string>()
  const recorder = createRecorder(folder, 'history.jsonl')
  const { token } = stage.members[0]!.account
  for (let afterSeq = 0; ;) {
    const { entries } = await rest.history(token, stage.conversationId, afterSeq)
    if (entries.length === 0) break
    for (const entry of entries) {
      history.set(entry.seq, JSON.stringify(entry))
      recorder.write(entry)
    }
    afterSeq = entries.at(-1)!.seq
  }
  await recorder.close()
  return history
}

function writeRun(options: ReplayOptions, stage: Stage, run: string, seed: number, lines: number): void {
  writeJson(options.folder, 'run.json', {
    file: options.fileName,
    order: options.order,
    run,
    seed,
    lines,
    conversationId: stage.conversationId,
    members: stage.members.map(({ actor, account, devices }) => ({
      nick: actor.nick,
      userId: account.userId,
      part: actor.part,
      devices: devices.map((device) => device.name),
    })),
  })
}
