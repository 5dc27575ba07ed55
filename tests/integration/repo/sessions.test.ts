import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { limits } from '#proto/frames/index.ts'
import { RotateOutcome } from '#proto/gen/gochat/user/v1/session_repo_pb.ts'
import { startRepo, type Repo } from './fixture.ts'

let repo: Repo
before(async () => {
  repo = await startRepo()
})
after(() => repo?.[Symbol.asyncDispose]())

const passwordHash = '$argon2id$x'
const dayMs = 24 * 60 * 60 * 1000
const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest()

/** A session, and what its owner holds. */
async function begin(userId: string, deviceId: string, more: { deviceName?: string; expiresAtMs?: number } = {}) {
  const [family, half] = [randomBytes(32), randomBytes(32)]
  const expiresAtMs = Date.now() + dayMs
  const hashes = { familyHash: hash(family), refreshHash: hash(half) }
  const created = await repo.sessions.createSession({ userId, deviceId, passwordHash, expiresAtMs, ...hashes, ...more })
  return { ...created, family, half }
}

interface Token {
  readonly id: string
  readonly family: Buffer
}

/** Exchanges `half` for `next`; the salt stands for it. */
async function rotate({ id, family }: Token, half: Buffer, next: Buffer) {
  const hashes = { familyHash: hash(family), refreshHash: hash(half), nextHash: hash(next), nextSalt: next }
  return await repo.sessions.rotateSession({
    id,
    ...hashes,
    expiresAtMs: Date.now() + 30 * dayMs,
    guestExpiresAtMs: Date.now() + 7 * dayMs,
  })
}

const endedOf = async (ids: string[]) => (await repo.sessions.findEndedSessions({ ids })).ended
const devicesOf = async (userId: string) =>
  (await repo.sessions.listSessions({ userId })).devices.map(({ id, name }) => [id, name])

test('a refresh token is exchanged; of many who come at once with one token all get the same answer, and the session lives', async () => {
  const [userId = ''] = await repo.makeUsers(1)
  const session = await begin(userId, 'phone')
  const wishes = Array.from({ length: 12 }, () => randomBytes(32))
  const answers = await Promise.all(wishes.map((next) => rotate(session, session.half, next)))
  const rotated = answers.filter(({ outcome }) => outcome === RotateOutcome.ROTATED)
  assert.equal(rotated.length, 1)
  assert.equal(answers.filter(({ outcome }) => outcome === RotateOutcome.REPEATED).length, 11)
  assert.equal(new Set(answers.map(({ salt }) => Buffer.from(salt).toString('hex'))).size, 1)
  assert.deepEqual([rotated[0]!.user?.id, rotated[0]!.deviceId, rotated[0]!.isAdmin], [userId, 'phone', false])
  assert.ok(rotated[0]!.expiresAtMs > Date.now() + 29 * dayMs)
  assert.deepEqual(await endedOf([session.id]), [])
})

test('the predecessor is good for half a minute, and ends the session after it', async () => {
  const [userId = ''] = await repo.makeUsers(1)
  const session = await begin(userId, 'phone')
  const next = randomBytes(32)
  await rotate(session, session.half, next)
  const age = (ms: number) =>
    repo.rows(
      `UPDATE sessions SET rotated_at = rotated_at - INTERVAL ${ms * 1000} MICROSECOND WHERE id = ${session.id}`,
    )
  await age(20_000)
  assert.equal((await rotate(session, session.half, randomBytes(32))).outcome, RotateOutcome.REPEATED)
  await age(11_000)
  assert.equal((await rotate(session, session.half, randomBytes(32))).outcome, RotateOutcome.REUSED)
  assert.equal((await rotate(session, next, randomBytes(32))).outcome, RotateOutcome.REVOKED)
  assert.deepEqual(await repo.rows(`SELECT revoke_reason FROM sessions WHERE id = ${session.id}`), [
    { revoke_reason: 'reused' },
  ])
})

test('a token of two exchanges ago ends the session at once; also when owner and thief come at the same time', async () => {
  const [userId = ''] = await repo.makeUsers(1)
  const session = await begin(userId, 'phone')
  const [second, third] = [randomBytes(32), randomBytes(32)]
  await rotate(session, session.half, second)
  await rotate(session, second, third)
  const both = await Promise.all([
    rotate(session, session.half, randomBytes(32)),
    rotate(session, third, randomBytes(32)),
  ])
  assert.equal(both[0].outcome, RotateOutcome.REUSED)
  assert.ok(both[1].outcome === RotateOutcome.ROTATED || both[1].outcome === RotateOutcome.REVOKED)
  assert.deepEqual(
    (await endedOf([session.id])).map(({ id }) => id),
    [session.id],
  )
})

test('without the half that stays a token says nothing and ends nothing; an expired session is none', async () => {
  const [userId = ''] = await repo.makeUsers(1)
  const session = await begin(userId, 'phone')
  const forged = { id: session.id, family: randomBytes(32) }
  assert.equal((await rotate(forged, session.half, randomBytes(32))).outcome, RotateOutcome.UNSPECIFIED)
  assert.equal((await rotate({ ...session, id: '4242' }, session.half, randomBytes(32))).outcome, 0)
  assert.deepEqual(await endedOf([session.id]), [])
  const old = await begin(userId, 'old', { expiresAtMs: Date.now() - 1000 })
  assert.equal((await rotate(old, old.half, randomBytes(32))).outcome, RotateOutcome.EXPIRED)
  assert.deepEqual(
    (await endedOf([old.id, session.id, '4242'])).map(({ id }) => id),
    [old.id, '4242'],
  )
})

test('a device has one session and keeps its name; the device seen longest ago goes when there are too many', async () => {
  const [userId = ''] = await repo.makeUsers(1)
  const first = await begin(userId, 'phone', { deviceName: 'My 🙂' })
  const again = await begin(userId, 'phone')
  assert.deepEqual([again.endedIds, await devicesOf(userId)], [[first.id], [['phone', 'My 🙂']]])
  await repo.rows(`UPDATE sessions SET last_seen_at = last_seen_at - INTERVAL 1 HOUR WHERE id = ${again.id}`)
  const others = Array.from({ length: limits.maxDevicesPerUser }, (_, index) => `laptop-${index}`)
  const ended = await Promise.all(others.map(async (deviceId) => (await begin(userId, deviceId)).endedIds))
  assert.deepEqual(ended.flat(), [again.id])
  assert.deepEqual((await devicesOf(userId)).map(([id]) => id).sort(), others.sort())
})

test('a device is named and ended by its user only, once', async () => {
  const [ann = '', bob = ''] = await repo.makeUsers(2)
  const phone = await begin(ann, 'phone')
  const laptop = await begin(ann, 'laptop')
  const named = await repo.sessions.nameSession({ userId: ann, deviceId: 'phone', name: 'Pocket' })
  assert.deepEqual([named.device?.name, named.device?.sessionId], ['Pocket', phone.id])
  await assert.rejects(repo.sessions.nameSession({ userId: bob, deviceId: 'phone', name: 'Mine' }), {
    code: 'NOT_FOUND',
  })
  const byDevice = (userId: string) =>
    repo.sessions.revokeSession({ userId, which: { case: 'deviceId', value: 'phone' } })
  assert.deepEqual((await byDevice(bob)).endedIds, [])
  assert.deepEqual((await byDevice(ann)).endedIds, [phone.id])
  assert.deepEqual((await byDevice(ann)).endedIds, [])
  const byId = (userId: string) => repo.sessions.revokeSession({ userId, which: { case: 'id', value: laptop.id } })
  assert.deepEqual([(await byId(bob)).endedIds, (await byId(ann)).endedIds], [[], [laptop.id]])
})

test('a new password ends all sessions but one; of two changes at once one wins; nobody begins with the old one', async () => {
  const [userId = ''] = await repo.makeUsers(1)
  const [own, other] = [await begin(userId, 'phone'), await begin(userId, 'laptop')]
  const change = (newHash: string) =>
    repo.sessions.changePasswordHash({ userId, sessionId: own.id, oldHash: passwordHash, newHash })
  const ends = await Promise.allSettled([change('$argon2id$a'), change('$argon2id$b')])
  const won = ends.filter((end) => end.status === 'fulfilled').map(({ value }) => value.endedIds)
  assert.deepEqual(won, [[other.id]])
  assert.ok(
    ends.some((end) => end.status === 'rejected' && (end.reason as { code: string }).code === 'UNAUTHENTICATED'),
  )
  assert.deepEqual(
    (await devicesOf(userId)).map(([id]) => id),
    ['phone'],
  )
  await assert.rejects(begin(userId, 'late'), { code: 'UNAUTHENTICATED' })
})

test('who is suspended has no session, gets none and refreshes none; who is restored begins anew', async () => {
  const [userId = ''] = await repo.makeUsers(1)
  const session = await begin(userId, 'phone')
  const suspend = (isSuspended: boolean) => repo.sessions.setSuspended({ userId, isSuspended })
  assert.deepEqual((await suspend(true)).endedIds, [session.id])
  assert.deepEqual((await suspend(true)).endedIds, [])
  assert.deepEqual(
    (await endedOf([session.id])).map(({ id, isSuspension }) => [id, isSuspension]),
    [[session.id, true]],
  )
  assert.equal((await rotate(session, session.half, randomBytes(32))).outcome, RotateOutcome.SUSPENDED)
  await assert.rejects(begin(userId, 'phone'), { code: 'ACCOUNT_SUSPENDED' })
  await suspend(false)
  await begin(userId, 'phone')
  await assert.rejects(repo.sessions.setSuspended({ userId: '4242', isSuspended: true }), { code: 'USER_NOT_FOUND' })
})

test('a guest is named by its id and known as one; its session ends sooner', async () => {
  const { user } = await repo.users.createUser({ isGuest: true })
  assert.deepEqual([user!.name, user!.displayName, user!.isGuest], [`guest-${user!.id}`, `guest-${user!.id}`, true])
  const { users } = await repo.users.getUsers({ ids: [user!.id] })
  assert.equal(users[0]!.isGuest, true)
  const credentials = await repo.users.getCredentials({ id: user!.id })
  assert.deepEqual([credentials.user?.name, credentials.passwordHash], [user!.name, ''])
  const [family, half] = [randomBytes(32), randomBytes(32)]
  const hashes = { familyHash: hash(family), refreshHash: hash(half) }
  const wish = { userId: user!.id, deviceId: 'd', passwordHash: '', expiresAtMs: Date.now() + dayMs, ...hashes }
  const { id } = await repo.sessions.createSession(wish)
  const { expiresAtMs } = await rotate({ id, family }, half, randomBytes(32))
  assert.ok(expiresAtMs < Date.now() + 8 * dayMs)
})

test('a session that is asked about counts as seen, at most every five minutes; what ended long ago is forgotten', async () => {
  const [userId = ''] = await repo.makeUsers(1)
  const session = await begin(userId, 'phone')
  const seen = async () => (await repo.sessions.listSessions({ userId })).devices[0]!.lastSeenAtMs
  const first = await seen()
  await endedOf([session.id])
  assert.equal(await seen(), first)
  await repo.rows(`UPDATE sessions SET last_seen_at = last_seen_at - INTERVAL 6 MINUTE WHERE id = ${session.id}`)
  await endedOf([session.id])
  assert.ok((await seen()) >= first)
  await repo.sessions.revokeSession({ userId, which: { case: 'id', value: session.id } })
  await begin(userId, 'laptop')
  const count = async () => (await repo.rows(`SELECT id FROM sessions WHERE user_id = ${userId}`)).length
  assert.equal(await count(), 2)
  await repo.rows(`UPDATE sessions SET revoked_at = revoked_at - INTERVAL 2 DAY WHERE id = ${session.id}`)
  await begin(userId, 'tablet')
  assert.equal(await count(), 2)
})
