import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { suite, test } from 'node:test'

/** Real processes: signals, exit codes and an emptying event loop cannot be shown otherwise. */
suite('runProcess', { concurrency: 4 }, () => {
  test('example: it stays up without handles until SIGTERM, then disposes in reverse and exits 0', async () => {
    const { code, words } = await run('well', 'ready')
    assert.deepEqual(words, ['ready', 'aborted', 'second disposed', 'first disposed', 'end of main'])
    assert.equal(code, 0)
  })

  test('a second signal changes nothing', async () => {
    const { code, words, output } = await run('well', 'ready', ['SIGTERM', 'SIGINT'])
    assert.equal(output.split('"msg":"stopping"').length - 1, 1)
    assert.deepEqual(words, ['ready', 'aborted', 'second disposed', 'first disposed', 'end of main'])
    assert.equal(code, 0)
  })

  test('a signal during the start breaks it off and exits 0', async () => {
    const { code, words } = await run('starts slowly', 'starting')
    assert.deepEqual(words, ['starting', 'aborted', 'second disposed', 'first disposed', 'end of main'])
    assert.equal(code, 0)
  })

  for (const behaviour of ['fails to start', 'throws later', 'rejects later', 'crashes']) {
    test(`${behaviour}: logged, disposed, exit 1`, async () => {
      const { code, words, output } = await run(behaviour)
      assert.deepEqual(words, ['aborted', 'second disposed', 'first disposed', 'end of main'])
      assert.match(output, /"msg":"crash"/)
      assert.equal(code, 1)
    })
  }

  test('disposal fails: the rest is disposed all the same, exit 1', async () => {
    const { code, words } = await run('disposal fails', 'ready')
    assert.deepEqual(words, ['ready', 'aborted', 'second disposed', 'first disposed', 'end of main'])
    assert.equal(code, 1)
  })

  for (const behaviour of ['disposal hangs', 'keeps a handle']) {
    test(`${behaviour}: the watchdog ends it with 1 and names what is open`, async () => {
      const { code, output } = await run(behaviour, 'ready')
      assert.match(output, /"resources":\[.*Timeout.*"msg":"did not stop in time"/)
      assert.equal(code, 1)
    })
  }

  test('a disposal that waits for nothing at all does not pass for success', async () => {
    const { code } = await run('disposal waits for nothing', 'ready')
    assert.equal(code, 1)
  })
})

async function run(behaviour: string, signalAfter?: string, signals: NodeJS.Signals[] = ['SIGTERM']) {
  const child = spawn(process.execPath, [`${import.meta.dirname}/fixtures/process.ts`, behaviour], {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 20_000,
    killSignal: 'SIGKILL',
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    if (signalAfter !== undefined && !output.includes(signalAfter) && (output + chunk).includes(signalAfter)) {
      for (const signal of signals) child.kill(signal)
    }
    output += chunk
  })
  const [code] = (await once(child, 'close')) as [number | null]
  const words = output.split('\n').filter((line) => line !== '' && !line.startsWith('{'))
  return { code, words, output }
}
