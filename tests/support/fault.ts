import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { replay } from '../replay/replay.ts'
import type { ReplayResult } from '../replay/result.ts'
import { isClean as isCleanReplay } from '../replay/result.ts'
import { verify } from '../verify/verify.ts'
import { ircLogs } from './irc-logs.ts'
import type { ProcessStatus } from '../../cli/supervisor/client.ts'
import { growth, type Owner, type System } from './system.ts'

export interface FaultOptions {
  /** What happens while at least 50 sends have no answer; `owner` is the logic process that writes the conversation. */
  readonly fault: (owner: ProcessStatus) => void | Promise<void>
  /** Lines of the log. Default 700. */
  readonly maxLines?: number
  /** Default 250. */
  readonly ratePerSecond?: number
}

export interface FaultResult extends ReplayResult {
  readonly conversationId: string
  readonly dedupeHits: number
  /** The conversation's partition was claimed anew meanwhile. */
  readonly hasChangedHands: boolean
}

const minUnacked = 50

/**
 * Plays a log in author order, breaks something in the middle of it, and has the recording judged. Prints what the fault did;
 * fails when anything that was acknowledged is lost, doubled or out of order.
 */
export async function playThroughFault(t: TestContext, system: System, options: FaultOptions): Promise<FaultResult> {
  const log = ircLogs[1]!
  const folder = mkdtempSync(join(tmpdir(), 'gochat-fault-'))
  const redeliveredBefore = await system.metric('gochat_logic_redelivered_records_total')
  const hitsBefore = await system.metric('gochat_logic_dedupe_hits_total')
  let unackedAtFault = 0
  let conversation = ''
  let owner: Owner | undefined
  try {
    const result = await replay({
      content: log.read(),
      fileName: log.name,
      order: 'author',
      folder,
      httpUrls: system.gateways.map(({ httpUrl }) => httpUrl),
      wsUrls: system.gateways.map(({ wsUrl }) => wsUrl),
      maxLines: options.maxLines ?? 700,
      ratePerSecond: options.ratePerSecond ?? 250,
      onStage: async (conversationId) => {
        conversation = conversationId
        owner = await system.ownerOf(conversationId)
      },
      barriers: [
        {
          atLine: 250,
          minUnacked,
          action: async (unacked) => {
            unackedAtFault = unacked
            const [writer] = await system.processes(owner!.name)
            await options.fault(writer!)
          },
        },
      ],
    })
    await system.waitUntilWell()
    const redelivered = growth(redeliveredBefore, await system.metric('gochat_logic_redelivered_records_total'))
    const dedupeHits = growth(hitsBefore, await system.metric('gochat_logic_dedupe_hits_total'))
    t.diagnostic(
      `unacked at the fault ${unackedAtFault} · redelivered records ${redelivered} · dedupe hits ${dedupeHits} · ` +
        `${(result.longestSilenceMs / 1000).toFixed(1)} s without an ack · ${result.duplicatesSeen} duplicates pushed · ` +
        `${result.repairedBySync} entries repaired · lost ${result.lost}`,
    )
    assert.ok(unackedAtFault >= minUnacked)
    assert.equal(isCleanReplay(result), true, JSON.stringify(result))
    const findings = await verify({ folder, file: log.path, mysqlUrl: system.mysqlUrl })
    assert.deepEqual(
      findings.flatMap(({ examples }) => examples),
      [],
    )
    const hasChangedHands = (await system.ownerOf(conversation)).epoch > owner!.epoch
    return { ...result, conversationId: conversation, dedupeHits, hasChangedHands }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
