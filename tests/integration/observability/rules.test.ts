import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { ensurePromtool } from '#stack/promtool.ts'
import { run } from '#stack/run.ts'

const root = resolve(import.meta.dirname, '../../..')
const folder = join(root, 'observability/prometheus')
const promtool = await ensurePromtool()

test('the scrape config and the rules are valid', async () => {
  await run(promtool, ['check', 'config', 'prometheus.yml'], { cwd: folder, timeoutMs: 60_000 })
})

test('each alert fires, stays silent below its threshold, and recovers', async () => {
  await run(promtool, ['test', 'rules', 'rules.test.yml'], { cwd: folder, timeoutMs: 60_000, shownLines: 60 })
})

test('the four alerts, and no others, each with a section in the runbook', async () => {
  const rules = await readFile(join(folder, 'rules.yml'), 'utf8')
  const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name!)
  assert.deepEqual(alerts, ['ServiceDown', 'KafkaLagHigh', 'DatabaseConnectionsFailing', 'ErrorRateHigh'])
  const page = await readFile(join(root, 'docs/runbooks/alerts.md'), 'utf8')
  for (const name of alerts) {
    assert.match(page, new RegExp(`^## ${name}$`, 'm'))
    assert.ok(rules.includes(`docs/runbooks/alerts.md#${name.toLowerCase()}`), name)
  }
})
