import { setTimeout as sleep } from 'node:timers/promises'
import type { IrcLog } from './irc.ts'
import type { Ledger } from './ledger.ts'
import type { Stage } from './stage.ts'

/** A moment in the middle, with many sends unanswered, at which a test does something to the system. */
export interface Barrier {
  /** Before this line of the log. */
  readonly atLine: number
  /** At least so many sends have no answer when `action` is called. */
  readonly minUnacked: number
  action(unacked: number): void | Promise<void>
}

export interface PerformOptions {
  readonly order: 'log' | 'author'
  /** Lines a second in author order; 0: as fast as they go. */
  readonly ratePerSecond: number
  readonly barriers: readonly Barrier[]
  readonly signal: AbortSignal
}

/** Plays the lines on the stage; resolves when every one of them is answered and everybody has come and gone. */
export async function perform(log: IrcLog, stage: Stage, ledger: Ledger, options: PerformOptions): Promise<void> {
  await (options.order === 'log' ? inLogOrder(log, stage, ledger, options) : inAuthorOrder(log, stage, ledger, options))
}

/** The next line only after the ack of the last: the conversation equals the file. */
async function inLogOrder(log: IrcLog, stage: Stage, ledger: Ledger, options: PerformOptions): Promise<void> {
  for (const [index, line] of log.lines.entries()) {
    options.signal.throwIfAborted()
    await stage.before(index, line.nick)
    await ledger.send(stage.deviceOf(line.nick), stage.conversationId, line, index)
    await stage.after(index)
  }
}

/** Every author for itself: its own lines in order, nobody waits for anybody else. */
async function inAuthorOrder(log: IrcLog, stage: Stage, ledger: Ledger, options: PerformOptions): Promise<void> {
  const barriers = [...options.barriers].sort((a, b) => a.atLine - b.atLine)
  const answers: Promise<void>[] = []
  const startedAt = performance.now()
  let unpacedUntil = 0
  for (const [index, line] of log.lines.entries()) {
    options.signal.throwIfAborted()
    const barrier = barriers[0]
    if (barrier !== undefined && index >= barrier.atLine) {
      // A burst fills the pipe; once enough has no answer, it is time.
      unpacedUntil = index + 1
      if (ledger.unacked >= barrier.minUnacked) {
        barriers.shift()
        await barrier.action(ledger.unacked)
      }
    }
    const dueMs =
      options.ratePerSecond === 0 ? 0 : (index / options.ratePerSecond) * 1000 - (performance.now() - startedAt)
    if (dueMs > 1 && index >= unpacedUntil) await sleep(dueMs)
    const entrance = stage.before(index, line.nick)
    answers.push(entrance === undefined ? play(index) : entrance.then(() => play(index)))
    async function play(at: number): Promise<void> {
      await ledger.send(stage.deviceOf(line.nick), stage.conversationId, line, at)
      await stage.after(at)
    }
  }
  if (barriers.length > 0) throw new Error('A barrier was never reached: too few sends were without an answer.')
  await Promise.all(answers)
}
