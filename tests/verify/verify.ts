/**
 * The judge of a replay: reads what it wrote down and what MySQL holds, and checks the invariants I1–I4, isolation, and the file.
 * Shares no code with the SDK, the services or the replay, so that no mistake of theirs can be its own.
 */
import { readFileSync } from 'node:fs'
import { checkDelivered, checkFrames, checkHistory, checkOrder } from './check-devices.ts'
import { checkAgainstFile, checkDurableOnce, checkGapFree } from './check-stored.ts'
import { readDatabase } from './database.ts'
import type { Findings } from './findings.ts'
import { spokenLines } from './log-file.ts'
import { readLines, readRun, type Ack, type Applied, type Send } from './recording.ts'

export interface VerifyOptions {
  /** Where the replay wrote. */
  readonly folder: string
  /** The log that was played. */
  readonly file: string
  readonly mysqlUrl: string
}

export async function verify({ folder, file, mysqlUrl }: VerifyOptions): Promise<Findings[]> {
  const run = readRun(folder)
  const [sends, acks, history] = await Promise.all([
    readLines<Send>(folder, 'sends.jsonl'),
    readLines<Ack>(folder, 'acks.jsonl'),
    readLines<Applied>(folder, 'history.jsonl'),
  ])
  const userIds = run.members.map((member) => member.userId)
  const database = await readDatabase(mysqlUrl, run.conversationId, userIds)
  return [
    await checkDurableOnce(run, sends, acks, database),
    await checkGapFree(database),
    await checkDelivered(folder, run, database),
    await checkOrder(folder, run, sends, acks),
    await checkFrames(folder, run, database),
    await checkAgainstFile(run, spokenLines(readFileSync(file, 'utf8')), database),
    await checkHistory(history, database),
  ]
}

export function isClean(findings: readonly Findings[]): boolean {
  return findings.every((finding) => finding.count === 0)
}

export function printFindings(findings: readonly Findings[], print: (line: string) => void): void {
  for (const { name, promise, count, examples } of findings) {
    print(`${count === 0 ? 'ok    ' : 'BROKEN'}  ${name.padEnd(16)} ${promise}${count === 0 ? '' : `: ${count} times`}`)
    for (const example of examples) print(`          ${example}`)
  }
}
