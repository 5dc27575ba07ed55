import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { before, test } from 'node:test'
import { createRest } from '@gochat/sdk'
import { waitFor } from '#infra/testing/index.ts'
import { ensurePythonTools } from '#stack/python-tools.ts'
import { startSwallowingProxy } from '../support/swallowing-proxy.ts'
import { openSystem } from '../support/system.ts'

/** docs/examples/chat.py: what a newcomer writes who has read the README and docs/protocol.md only. */
const system = await openSystem()
const script = resolve(import.meta.dirname, '../../docs/examples/chat.py')
const password = 'a long password'
let python = ''
before(async () => {
  python = join(await ensurePythonTools(), 'python')
})

test('the Python client has fewer than 150 lines', async () => {
  assert.ok((await readFile(script, 'utf8')).trimEnd().split('\n').length < 150)
})

test('two Python clients talk; one loses pushes on the way and still shows everything, once and in order', async () => {
  const [alice, bob] = [`alice ${randomUUID()}`, `böb & ${randomUUID()}`]
  await createRest({ baseUrl: system.gateways[1]!.httpUrl }).register(bob, password)
  // The first two in the middle, and one that nothing comes behind for a while.
  const lost = new Set([3, 4, 7])
  const isLost = (frame: Readonly<Record<string, unknown>>) =>
    frame['t'] === 'message' && lost.delete(frame['seq'] as number)
  await using proxy = await startSwallowingProxy(system.gateways[1]!.httpUrl, isLost)
  using writer = start(system.gateways[0]!.httpUrl, alice, bob)
  using reader = start(proxy.url, bob, alice)
  await Promise.all([writer.shows('1 '), reader.shows('1 ')])

  writer.type('one')
  await reader.shows('2 ')
  for (const text of ['two', 'three', 'four ☕', 'five']) {
    writer.type(text)
    await writer.shows(text)
  }
  await reader.shows('6 ')
  writer.type('six')
  await writer.shows('7 ')
  writer.type('seven')
  await reader.shows('8 ')
  reader.type('all of it')
  await Promise.all([writer.shows('9 '), reader.shows('9 ')])

  const texts = ['one', 'two', 'three', 'four ☕', 'five', 'six', 'seven']
  const told = (writer: string, answerer: string, opener: string) => [
    `1 ${opener}: (created)`,
    ...texts.map((text, index) => `${index + 2} ${writer}: ${text}`),
    `9 ${answerer}: all of it`,
  ]
  const openedByAlice = writer.lines[0] === '1 me: (created)'
  assert.deepEqual(writer.lines, told('me', bob, openedByAlice ? 'me' : bob))
  assert.deepEqual(reader.lines, told(alice, 'me', openedByAlice ? alice : 'me'))
  assert.equal(proxy.swallowed.length, 3, 'what was to be lost was lost')
  assert.deepEqual([...writer.problems, ...reader.problems], [])
})

function start(url: string, name: string, peer: string) {
  const child = spawn(python, [script, url, name, password, peer], { stdio: 'pipe' })
  const lines = linesOf(child.stdout)
  const problems = linesOf(child.stderr)
  return {
    lines,
    problems,
    type: (text: string) => void child.stdin.write(`${text}\n`),
    shows: (what: string) =>
      waitFor(() => lines.some((line) => line.startsWith(what) || line.endsWith(`: ${what}`)), {
        timeoutMs: 30_000,
        what: `${what} on the screen of ${name}; it shows ${JSON.stringify([...lines, ...problems])}`,
      }),
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  }
}

function linesOf(stream: NodeJS.ReadableStream): string[] {
  const lines: string[] = []
  let rest = ''
  stream.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop()!
    lines.push(...parts)
  })
  return lines
}
