import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { temporal } from '#stack/servers/temporal.ts'
import { openWorkflowStage, quietRuntime } from '../support/workflow-stage.ts'
import { scenarios } from './scenarios.ts'

/** So few, that a scenario can reach it. */
const eventsUntilContinueAsNew = 60

const searchAttributes = {
  ImTaskKind: 'Keyword',
  ImState: 'Keyword',
  ImConversationId: 'Keyword',
  ImErrorType: 'Keyword',
  ImLag: 'Int',
  ImAttempts: 'Int',
  ImParkedAt: 'Datetime',
}

/**
 * `node tests/histories/record.ts [PART OF A NAME]`: records the histories that workflows/replay.test.ts replays, on a server
 * of its own. To be run when a workflow is new or has another branch. A history that fails to replay is no reason to record it
 * again: workflows that run now have it too, and need `patched()`.
 */
if (import.meta.main) {
  const [, , part = ''] = process.argv
  quietRuntime()
  await using server = await startServer()
  await using stage = await openWorkflowStage(server)
  for (const [name, play] of Object.entries(scenarios)) {
    if (!name.includes(part)) continue
    const { workflowId, runId } = await play(stage)
    const history = await stage.client.workflow.getHandle(workflowId, runId).fetchHistory()
    await writeFile(join(import.meta.dirname, `${name}.json`), withoutStacks(historyToJSON(history)))
    console.log(`${name}: ${history.events?.length} events`)
  }
}

async function startServer() {
  const found = await temporal.find()
  if (found === undefined) throw new Error('The Temporal CLI is not there yet: ./gochat up installs it')
  const environment = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: found['server']! },
      extraArgs: [
        ...pairs('--dynamic-config-value', { 'limit.historyCount.suggestContinueAsNew': eventsUntilContinueAsNew }),
        ...pairs('--search-attribute', searchAttributes),
      ],
    },
  })
  return {
    address: environment.address,
    namespace: environment.namespace ?? 'default',
    [Symbol.asyncDispose]: () => environment.teardown(),
  }
}

function pairs(flag: string, values: object): string[] {
  return Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`])
}

/** They name folders of the machine that records. */
function withoutStacks(json: string): string {
  const dropStack = (name: string, value: unknown) => (name === 'stackTrace' ? '' : value)
  return JSON.stringify(JSON.parse(json), dropStack, 2)
}
