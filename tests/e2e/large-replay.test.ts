import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, test } from 'node:test'
import { stackEnv, waitFor } from '#infra/testing/index.ts'
import { groupFanout, type Outcomes } from '#workflows/contracts.ts'
import { withLiveSettings } from '../../cli/live-settings.ts'
import { replay } from '../replay/replay.ts'
import { isClean } from '../replay/result.ts'
import { ircLogs } from '../support/irc-logs.ts'
import { openRoundLedger, type RoundLedger } from '../support/round-ledger.ts'
import { openSystem } from '../support/system.ts'
import { connectTemporal } from '../support/temporal.ts'
import { verify } from '../verify/verify.ts'

const system = await openSystem()
const largeGroupThreshold = 5
/** For a live setting to reach every process, and for counters to catch up with what was acknowledged. */
const momentMs = 500

let ledger: RoundLedger
before(async () => {
  ledger = await openRoundLedger(system.mysqlUrl)
})
after(() => ledger[Symbol.asyncDispose]())

for (const { name, path, read } of ircLogs) {
  for (const order of ['log', 'author'] as const) {
    test(`${name} in ${order} order, as a large group: delivered without direct records, and every member is settled`, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'gochat-large-'))
      let conversationId = ''
      let direct = 0
      const directNow = async () => {
        await sleep(momentMs)
        return total(await system.metric('gochat_dispatch_total', 'class="direct"'))
      }
      try {
        const etcd = stackEnv().etcdEndpoints.join()
        const result = await withLiveSettings(etcd, { largeGroupThreshold }, async () => {
          await sleep(momentMs)
          return replay({
            content: read(),
            fileName: name,
            order,
            folder,
            httpUrls: system.gateways.map(({ httpUrl }) => httpUrl),
            wsUrls: system.gateways.map(({ wsUrl }) => wsUrl),
            onStage: async (id) => {
              conversationId = id
              direct = await directNow()
            },
            onPlayed: async () => assert.equal(await directNow(), direct, 'a frame went the direct way'),
          })
        })
        assert.equal(isClean(result), true, JSON.stringify(result))
        const findings = await verify({ folder, file: path, mysqlUrl: system.mysqlUrl })
        assert.deepEqual(
          findings.flatMap(({ examples }) => examples),
          [],
        )
        await ledger.untilSettled(conversationId)
        const account = await ledger.check(conversationId)
        t.diagnostic(`${JSON.stringify(result)} · ${JSON.stringify(account)}`)
        await checkProgress(conversationId, result.lines)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })
  }
}

/** The workflow's own word, which operators see, is the database's. */
async function checkProgress(conversationId: string, lines: number): Promise<void> {
  await using temporal = await connectTemporal()
  const fanout = temporal.client.workflow.getHandle(groupFanout.workflowId(conversationId))
  const cursor = await ledger.cursor(conversationId)
  const look = async () => {
    const progress = await fanout.query(groupFanout.progress)
    return progress.settledSeq === cursor?.settledSeq ? progress : undefined
  }
  const progress = await waitFor(look, { timeoutMs: 20_000, pollMs: 200, what: 'progress as new as the cursor' })
  assert.ok(progress.settledSeq > lines)
  assert.deepEqual(progress.total, cursor?.total)
  assert.equal(sumOf(progress.lastRound), progress.members)
  const { count } = await temporal.client.workflow.count('WorkflowType="groupFanout"')
  assert.ok(count >= 1)
}

function sumOf(outcomes: Outcomes): number {
  return Object.values(outcomes).reduce((sum, count) => sum + count, 0)
}

function total(samples: ReadonlyMap<string, number>): number {
  return [...samples.values()].reduce((sum, value) => sum + value, 0)
}
