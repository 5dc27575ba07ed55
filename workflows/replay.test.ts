import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { before, test } from 'node:test'
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { bundleWorkflows } from '#temporal/worker/build-bundle.ts'
import { scenarios } from '#tests/histories/scenarios.ts'
import { textsIn } from '#tests/support/scan-history.ts'
import * as contracts from './contracts.ts'
import * as workflows from './index.ts'

const root = resolve(import.meta.dirname, '..')
const folder = join(root, 'tests/histories')
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace(/\.json$/, ''))

function historyOf(name: string) {
  return historyFromJSON(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')))
}

before(() => {
  Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('ERROR') })
})

test('every recorded history replays: workflows that are under way go on with this code', async () => {
  const { code } = await bundleWorkflows()
  const histories = names.map((name) => ({ workflowId: name, history: historyOf(name) }))
  const replayed: string[] = []
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle: { code } }, histories)) {
    assert.ifError(error)
    replayed.push(workflowId)
  }
  assert.deepEqual(replayed.toSorted(), names.toSorted())
})

test('every workflow that the worker runs has a contract, and a recorded history for each scenario', () => {
  const types = Object.values(contracts).flatMap((contract) =>
    typeof contract === 'object' ? [contract.workflowType] : [],
  )
  assert.deepEqual(types.toSorted(), Object.keys(workflows).toSorted())
  assert.deepEqual([...new Set(names.map((name) => name.split('.')[0]!))].toSorted(), types.toSorted())
  assert.deepEqual(names.toSorted(), Object.keys(scenarios).toSorted())
})

test('recorded histories hold nothing of the machine that recorded them', () => {
  for (const name of names) {
    const found = [...textsIn(historyOf(name))].filter((text) => text.includes(root) || text.includes('file://'))
    assert.deepEqual(found, [], name)
  }
})
