import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { metricValue, stackEnv, waitFor } from '#infra/testing/index.ts'
import { startProxy, type Proxy } from '../infra/proxy.ts'
import { change, claim, message, startRepo, type Owner, type Repo } from './fixture.ts'

let proxy: Proxy
let repo: Repo
let owner: Owner
let ann: string
let bob: string

before(async () => {
  const redis = new URL(stackEnv().redisUrl)
  proxy = await startProxy(redis.hostname, Number(redis.port))
  redis.port = String(proxy.port)
  repo = await startRepo({ redisUrl: redis.href })
  owner = await claim(repo, [0])
  ;[ann = '', bob = ''] = await repo.makeUsers(2)
})
after(async () => {
  await repo?.[Symbol.asyncDispose]()
  await proxy?.[Symbol.asyncDispose]()
})

test('a second read comes from the cache', async () => {
  const group = await repo.makeGroup([ann, bob])
  await readTwice(async () => repo.users.getUsers({ ids: [ann, bob] }))
  await readTwice(async () => repo.conversations.getMembership({ userId: bob, conversationId: group }))
  for (const kind of ['user', 'conversation', 'member']) {
    assert.ok(((await hits(kind)) ?? 0) >= 1, kind)
  }
})

test('absence is not cached', async () => {
  const group = await repo.makeGroup([ann])
  await assert.rejects(repo.conversations.getMembership({ userId: bob, conversationId: group }))
  await owner.append([{ conversationId: group, entries: [change(ann, 'added', [[bob, true]])] }])
  const { member } = await repo.conversations.getMembership({ userId: bob, conversationId: group })
  assert.equal(member!.joinSeq, 1)
})

test('every append is seen by the next read: heads, marks, and who was removed', async () => {
  const group = await repo.makeGroup([ann, bob])
  const read = () => repo.conversations.getMembership({ userId: bob, conversationId: group })
  for (let i = 2; i < 20; i += 1) {
    await read()
    await owner.append([{ conversationId: group, entries: [message(ann)], reads: [{ userId: bob, seq: i - 1 }] }])
    const { conversation, member } = await read()
    assert.deepEqual([conversation!.lastSeq, member!.readSeq], [i, i - 1])
  }
  await owner.append([{ conversationId: group, entries: [change(ann, 'removed', [[bob, false]])] }])
  const { conversation, member } = await read()
  assert.deepEqual([conversation!.memberCount, member!.isActive, member!.leaveSeq], [1, false, 20])
})

test('a profile is new for the next reader, also for one that read at the same time', async () => {
  for (let i = 0; i < 20; i += 1) {
    await Promise.all([
      repo.users.getUsers({ ids: [ann] }),
      repo.users.updateProfile({ id: ann, displayName: `Ann ${i}` }),
      repo.users.getUsers({ ids: [ann] }),
    ])
    const { users } = await repo.users.getUsers({ ids: [ann] })
    assert.equal(users[0]!.displayName, `Ann ${i}`)
  }
})

test('what another process reads after a change is new, too, and is not put back by a slow reader', async () => {
  // Redis knows nothing of processes: what this one's invalidation leaves there is what every other one meets.
  const group = await repo.makeGroup([ann, bob])
  await readTwice(() => repo.conversations.getMembership({ userId: bob, conversationId: group }))
  await owner.append([{ conversationId: group, entries: [message(ann)] }])
  const { Redis } = await import('ioredis')
  const redis = new Redis(stackEnv().redisUrl)
  try {
    const key = `gochat:repo:conversation:${group}`
    await waitFor(async () => (await redis.get(key)) === '', { what: 'the mark of the change' })
    assert.equal(await redis.set(key, 'an old value', 'PX', 1_000, 'NX'), null)
    const ttlMs = await redis.pttl(key)
    assert.ok(ttlMs > 0 && ttlMs <= 10_000)
  } finally {
    redis.disconnect()
  }
})

test('with Redis hanging or gone every answer is right, and soon; what changed meanwhile is not served old afterwards', async () => {
  const group = await repo.makeGroup([ann, bob])
  const read = () => repo.conversations.getMembership({ userId: bob, conversationId: group })
  await readTwice(read)
  let lastSeq = 1
  const change = async () => {
    const answer = await owner.append([{ conversationId: group, entries: [message(ann)] }])
    assert.equal(answer.case, 'applied')
    lastSeq += 1
    const startedAt = performance.now()
    assert.equal((await read()).conversation!.lastSeq, lastSeq)
    assert.equal((await repo.users.getUsers({ ids: [ann, bob] })).users.length, 2)
    assert.ok(performance.now() - startedAt < 1_500)
  }
  proxy.freeze()
  await change()
  await change()
  proxy.close()
  await change()
  proxy.thaw()
  proxy.open()
  // The old values are still in Redis: only the marks that wait keep them from being served.
  for (let i = 0; i < 40; i += 1) {
    assert.equal((await read()).conversation!.lastSeq, lastSeq)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
})

test('a repo starts and works without Redis', async () => {
  await using lonely = await startRepo({ redisUrl: 'redis://127.0.0.1:1' })
  const users = await lonely.makeUsers(2)
  const group = await lonely.makeGroup(users)
  const { member } = await lonely.conversations.getMembership({ userId: users[1]!, conversationId: group })
  assert.equal(member!.isActive, true)
  assert.equal((await lonely.users.getUsers({ ids: users })).users.length, 2)
})

async function readTwice(read: () => Promise<unknown>): Promise<void> {
  const first = await read()
  // The cache is filled behind the answer.
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.deepEqual(await read(), first)
}

function hits(kind: string) {
  return metricValue(repo.metrics, 'gochat_repo_cache_requests_total', { kind, result: 'hit' })
}
