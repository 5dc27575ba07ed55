import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { replay } from '../replay/replay.ts'
import { isClean as isCleanReplay } from '../replay/result.ts'
import { ircLogs } from '../support/irc-logs.ts'
import { openSystem } from '../support/system.ts'
import { isClean, verify } from '../verify/verify.ts'

const system = await openSystem()
const httpUrls = system.gateways.map(({ httpUrl }) => httpUrl)
const wsUrls = system.gateways.map(({ wsUrl }) => wsUrl)
const folders: string[] = []
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })))

for (const { name, path, read } of ircLogs) {
  for (const order of ['log', 'author'] as const) {
    test(`${name} in ${order} order: everything acknowledged is stored once and reaches everyone, in order`, async (t) => {
      const folder = newFolder()
      const result = await replay({ content: read(), fileName: name, order, folder, httpUrls, wsUrls })
      t.diagnostic(JSON.stringify(result))
      assert.equal(isCleanReplay(result), true, JSON.stringify(result))
      const findings = await verify({ folder, file: path, mysqlUrl: system.mysqlUrl })
      assert.deepEqual(
        findings.flatMap(({ examples }) => examples),
        [],
      )
      rmSync(folder, { recursive: true, force: true })
    })
  }
}

test('the checker sees a line that is deleted, swapped or doubled, in whatever file of a recording', async (t) => {
  const log = ircLogs[2]!
  const folder = newFolder()
  await replay({ content: log.read(), fileName: log.name, order: 'log', folder, httpUrls, wsUrls, maxLines: 60 })
  const judge = async () => isClean(await verify({ folder, file: log.path, mysqlUrl: system.mysqlUrl }))
  assert.equal(await judge(), true)
  const someDevice = readdirSync(join(folder, 'devices')).find((file) => file.endsWith('.applied.jsonl'))!
  for (const file of ['sends.jsonl', 'acks.jsonl', 'history.jsonl', `devices/${someDevice}`]) {
    const original = readFileSync(join(folder, file), 'utf8')
    const lines = original.trimEnd().split('\n')
    const middle = Math.floor(lines.length / 2)
    for (const [damage, damaged] of [
      ['deleted', lines.toSpliced(middle, 1)],
      ['swapped', lines.with(middle, lines[middle + 1]!).with(middle + 1, lines[middle]!)],
      ['doubled', lines.toSpliced(middle, 0, lines[middle]!)],
    ] as const) {
      writeFileSync(join(folder, file), `${damaged.join('\n')}\n`)
      assert.equal(await judge(), false, `${file}: a ${damage} line went unseen`)
    }
    writeFileSync(join(folder, file), original)
  }
  assert.equal(await judge(), true)
  t.diagnostic('12 damages, 12 seen')
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gochat-replay-'))
  folders.push(folder)
  return folder
}
