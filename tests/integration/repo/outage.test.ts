import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { stackEnv, waitFor } from '#infra/testing/index.ts'
import { startProxy, type Proxy } from '../infra/proxy.ts'
import { claim, message, startRepo, type Answer, type Owner, type Repo } from './fixture.ts'

let proxy: Proxy
let repo: Repo
let owner: Owner
let ann: string
let group: string

before(async () => {
  const { hostname, port } = new URL(stackEnv().mysqlUrl)
  proxy = await startProxy(hostname, Number(port))
  repo = await startRepo({ mysqlPort: proxy.port })
  owner = await claim(repo, [0])
  ;[ann = ''] = await repo.makeUsers(1)
  group = await repo.makeGroup([ann])
})
after(async () => {
  await repo?.[Symbol.asyncDispose]()
  await proxy?.[Symbol.asyncDispose]()
})

test('while MySQL is away an append is Unavailable and calls are UNAVAILABLE; the same stream recovers by itself', async () => {
  proxy.close()
  for (let i = 0; i < 3; i += 1) {
    const startedAt = performance.now()
    const answer = await owner.append([{ conversationId: group, entries: [message(ann)] }])
    assert.equal(answer.case, 'unavailable')
    assert.ok(performance.now() - startedAt < 3_000)
  }
  await assert.rejects(repo.users.findUser({ name: 'x' }), { code: 'UNAVAILABLE' })
  await assert.rejects(repo.conversations.loadStates({ wishes: [{ conversationId: group }] }), { code: 'UNAVAILABLE' })
  proxy.open()
  const lastSeq = await headOf()
  await appendUntilApplied()
  assert.equal(await headOf(), lastSeq + 1)
})

test('connections cut at random under load: resent until answered, every message is stored exactly once', async () => {
  const before = await headOf()
  const cutting = setInterval(() => proxy.cut(), 23)
  let resent = 0
  let answeredBefore = 0
  for (let i = 0; i < 40; i += 1) {
    const outcome = await appendUntilApplied()
    resent += outcome.resent
    answeredBefore += Number(outcome.wasAppliedBefore)
  }
  clearInterval(cutting)
  assert.ok(resent > 0, 'the cuts have hit something')
  assert.equal(await headOf(), before + 40, `${resent} resent, ${answeredBefore} of them had been applied`)
})

test('a MySQL that stops answering: Unavailable within the query timeout, then the stream goes on', async () => {
  const before = await headOf()
  proxy.freeze()
  const startedAt = performance.now()
  const frozen = await owner.append([{ conversationId: group, entries: [message(ann)] }])
  assert.equal(frozen.case, 'unavailable')
  assert.ok(performance.now() - startedAt < 4_000)
  proxy.thaw({ onlyNew: true })
  await appendUntilApplied()
  assert.equal(await headOf(), before + 1)
})

test('a table that is missing for a while rejects nobody: Unavailable, and applied afterwards', async () => {
  await repo.rows('RENAME TABLE messages TO messages_away')
  try {
    const answer = await owner.append([{ conversationId: group, entries: [message(ann)] }])
    assert.equal(answer.case, 'unavailable')
  } finally {
    await repo.rows('RENAME TABLE messages_away TO messages')
  }
  await appendUntilApplied()
})

/** As a caller does: the same request, until the offset says that it is done. */
async function appendUntilApplied(): Promise<{ resent: number; wasAppliedBefore: boolean }> {
  const fromOffset = owner.offset
  const request = {
    partitions: [{ partition: 0, epoch: owner.epoch, fromOffset, toOffset: fromOffset + 1 }],
    conversations: [{ conversationId: group, entries: [message(ann)] }],
    createdAtMs: Date.now(),
  }
  let resent = -1
  const answer = await waitFor(
    async (): Promise<Answer | undefined> => {
      resent += 1
      const result = await owner.send(request)
      return result.case === 'unavailable' ? undefined : result
    },
    { timeoutMs: 15_000, what: 'an outcome' },
  )
  const wasAppliedBefore = answer.case === 'known' && answer.value.alreadyApplied
  assert.ok(answer.case === 'applied' || wasAppliedBefore, JSON.stringify(answer))
  owner.offset = fromOffset + 1
  return { resent, wasAppliedBefore }
}

async function headOf(): Promise<number> {
  const [row] = await repo.rows<{ last_seq: number; n: string }>(
    `SELECT last_seq, (SELECT COUNT(*) FROM messages WHERE conversation_id = id) n FROM conversations WHERE id = ${group}`,
  )
  assert.equal(Number(row!.n), row!.last_seq, 'gap-free')
  return row!.last_seq
}
