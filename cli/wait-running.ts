import { setTimeout as sleep } from 'node:timers/promises'
import { lastLines } from './log-tail.ts'
import type { Progress } from './progress.ts'
import type { ProcessSpec, ProcessStatus, SupervisorClient } from './supervisor/client.ts'

const TIMEOUT_MS = 90_000
const POLL_MS = 100
/** A process that died this often while we watch will not come up by waiting. */
const MAX_DEATHS = 3

/** Waits until all of this kind run, a line for each that is new or did not; tells why when one does not. */
export async function waitUntilRunning(
  client: SupervisorClient,
  progress: Progress,
  kind: ProcessStatus['kind'],
  added: readonly ProcessSpec[],
): Promise<void> {
  const names = new Set(added.map(({ name }) => name))
  const before = (await client.status()).processes.filter((status) => status.kind === kind)
  const pending = before.filter(({ name, state }) => state !== 'external' && (state !== 'running' || names.has(name)))
  const failed: string[] = []
  const waits = pending.map((status) => progress.step(`start ${status.name}`, () => waitForOne(client, status, failed)))
  const results = await Promise.allSettled(waits)
  if (failed[0] !== undefined) throw new Error(failed[0])
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

/** One that fails ends the wait of the others, which may never start without it. */
async function waitForOne(client: SupervisorClient, before: ProcessStatus, failed: string[]): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS
  for (;;) {
    const now = await client.process(before.name)
    if (now.state === 'running') return
    if (failed.length > 0) throw new Error('another one failed')
    const isHopeless = now.restarts - before.restarts >= MAX_DEATHS
    if (isHopeless || Date.now() > deadline) failed.push(await explain(now))
    await sleep(POLL_MS)
  }
}

async function explain({ name, lastExit, logFile }: ProcessStatus): Promise<string> {
  const reason = lastExit ? `keeps ending (${lastExit})` : `did not answer within ${TIMEOUT_MS / 1000} s`
  const lines = await lastLines(logFile, 15)
  return `${name} ${reason}. The end of ${logFile}:\n${lines.map((line) => `    ${line}`).join('\n')}
What runs keeps running: see ./gochat status; mend it and run the same command again, or ./gochat down.`
}
