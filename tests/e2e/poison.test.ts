import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { waitFor } from '#infra/testing/index.ts'
import { deadLetter, type DeadLetterProgress, type PoisonLetter } from '#workflows/contracts.ts'
import { producePoison, type PoisonAt, type PoisonKind } from '../support/poison.ts'
import { openSystem } from '../support/system.ts'
import { connectTemporal } from '../support/temporal.ts'

const system = await openSystem()

const kinds: [kind: PoisonKind, reason: string][] = [
  ['undecodable', 'undecodable'],
  ['kind', 'kind'],
  ['partition', 'partition'],
  ['undecodable task', 'undecodable'],
]

for (const [kind, reason] of kinds) {
  test(`poison (${kind}) becomes a dead letter with its place and a copy; redriven it comes again, discarded it is forgotten`, async () => {
    await using temporal = await connectTemporal()
    const { workflow } = temporal.client
    const parked = async (place: PoisonAt) => {
      const handle = workflow.getHandle(deadLetter.workflowId({ kind: 'poison', ...place, reason }))
      const progress = await waitFor(() => handle.query(deadLetter.progress), {
        timeoutMs: 20_000,
        what: `the dead letter of ${JSON.stringify(place)}`,
      })
      return { handle, progress }
    }
    const place = await producePoison(kind)
    const letter: PoisonLetter = { kind: 'poison', ...place, reason }
    const { handle, progress } = await parked(place)
    assert.deepEqual([progress.letter, progress.state], [letter, 'parked'])
    assert.ok(Date.now() - Date.parse(progress.parkedAt) < 60_000)
    assert.equal(await copies(place), 1)
    const query = `WorkflowType="deadLetter" AND ImState="parked" AND ImErrorType="${reason}" AND ExecutionStatus="Running"`
    await waitFor(async () => (await workflow.count(query)).count > 0, { timeoutMs: 10_000, what: 'visibility' })

    // Nothing was mended: the same record is poison again, at the place that it has now.
    await handle.signal(deadLetter.redrive)
    assert.equal(((await handle.result()) as DeadLetterProgress).state, 'redriven')
    assert.equal(await copies(place), 0)
    const again = await parked({ ...place, offset: await nextPoison(place) })
    await again.handle.signal(deadLetter.discard)
    assert.equal(((await again.handle.result()) as DeadLetterProgress).state, 'discarded')
    assert.equal(await copies({ ...place, offset: letterOf(again.progress).offset }), 0)
  })
}

test('poison holds nobody up: the partitions go on, and everything stays well', async () => {
  await waitFor(
    async () => [...(await system.metric('gochat_logic_queue_commands')).values()].every((waiting) => waiting === 0),
    { timeoutMs: 10_000, what: 'the partitions going on' },
  )
  await system.waitUntilWell()
})

function letterOf({ letter }: DeadLetterProgress): PoisonLetter {
  assert.equal(letter.kind, 'poison')
  return letter as PoisonLetter
}

async function copies({ topic, partition, offset, index }: PoisonAt): Promise<number> {
  const sql =
    'SELECT COUNT(*) AS count FROM poison_copies WHERE topic = ? AND partition_id = ? AND record_offset = ? AND command_index = ?'
  return Number((await query(sql, [topic, partition, offset, index]))[0]!['count'])
}

/** Where the next copy behind a place lies. */
async function nextPoison({ topic, partition, offset }: PoisonAt): Promise<number> {
  const sql =
    'SELECT MIN(record_offset) AS next FROM poison_copies WHERE topic = ? AND partition_id = ? AND record_offset > ?'
  const next = () => query(sql, [topic, partition, offset]).then((rows) => rows[0]!['next'] as number | null)
  return Number(await waitFor(next, { timeoutMs: 20_000, what: 'the redriven record to be poison again' }))
}

async function query(sql: string, values: unknown[]): Promise<RowDataPacket[]> {
  const connection = await createConnection({ uri: system.mysqlUrl, connectTimeout: 5000 })
  try {
    return (await connection.query<RowDataPacket[]>({ sql, timeout: 5000 }, values))[0]
  } finally {
    await connection.end()
  }
}
