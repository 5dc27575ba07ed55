import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { cpuSecondsOf, groupProcesses, measureCpu, residentMiB } from './processes.ts'

test('processes of one role are one group', () => {
  const groups = groupProcesses([
    ['gateway-1', 11],
    ['gateway-2', 12],
    ['socket.io', 13],
    ['mysql', 14],
  ])
  assert.deepEqual(
    [...groups],
    [
      ['gateway', [11, 12]],
      ['socket.io', [13]],
      ['mysql', [14]],
    ],
  )
})

test('user and system time are read behind a name with brackets and spaces', () => {
  const stat = '42 (a) R (b c) S 1 42 42 0 -1 4194560 100 0 0 0 250 150 7000 8000 20 0 12 0 500 1 2'
  assert.equal(cpuSecondsOf(stat), 4)
})

test('the work of a group is charged to it and to no other', async () => {
  const idle = spawn('sleep', ['5'])
  const groups = groupProcesses([
    ['busy-1', process.pid],
    ['idle-1', idle.pid!],
  ])
  try {
    const cpu = await measureCpu(groups, async () => {
      for (const end = process.cpuUsage().user + 100_000; process.cpuUsage().user < end;);
    })
    assert.ok(cpu.get('busy')! >= 0.08, `${cpu.get('busy')}`)
    assert.ok(cpu.get('idle')! <= 0.02, `${cpu.get('idle')}`)
    assert.ok(residentMiB(groups).get('busy')! > 10)
  } finally {
    idle.kill()
    await once(idle, 'exit')
  }
})

test('a process that ended is told, not counted as zero', async () => {
  const gone = groupProcesses([['gone', 2 ** 30]])
  await assert.rejects(
    measureCpu(gone, async () => {}),
    /ended during the run/,
  )
})
