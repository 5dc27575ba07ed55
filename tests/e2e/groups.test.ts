import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { createRest, type ChatError, type Outcome, type Entry } from '@gochat/sdk'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { Check } from 'typebox/value'
import { waitFor } from '#infra/testing/index.ts'
import { changes, type ChangeType } from '#proto/frames/index.ts'
import { openRawSocket } from '../support/bad-input/raw-socket.ts'
import { makeCrowd, makePeople, type Person } from '../support/crowd.ts'
import { openRoundLedger } from '../support/round-ledger.ts'
import { openSystem } from '../support/system.ts'

const system = await openSystem()
const httpUrls = system.gateways.map(({ httpUrl }) => httpUrl)
/** One that goes to either gateway first. */
const gateways = httpUrls.map((baseUrl) => createRest({ baseUrl, maxAttempts: 20 }))
const [rest, other] = [gateways[0]!, gateways[1]!]
const id = () => randomUUID()
const until = 250_000_000_000_000

async function historyOf(person: Person, conversationId: string): Promise<Entry[]> {
  const entries: Entry[] = []
  for (;;) {
    const page = await rest.history(person.token, conversationId, entries.at(-1)?.seq ?? 0)
    entries.push(...page.entries)
    if (page.entries.length === 0 || entries.length >= page.lastSeq) return entries
  }
}

async function rows(sql: string, values: unknown[]): Promise<RowDataPacket[]> {
  const connection = await createConnection({ uri: system.mysqlUrl, supportBigNumbers: true, bigNumberStrings: true })
  try {
    return (await connection.query<RowDataPacket[]>({ sql, timeout: 10_000 }, values))[0]
  } finally {
    await connection.end()
  }
}

test('a group from its making to its end: each command is one entry, of its type and with its body', async () => {
  const [owner, admin, member, asker] = (await makePeople(system, 4)) as [Person, Person, Person, Person]
  const { id: group } = await rest.openGroup(owner.token, id(), 'tea', [admin.id, member.id])
  const by = owner.token
  await rest.changeGroup(by, group, id(), 'name', 'coffee')
  await rest.changeGroup(by, group, id(), 'announcement', 'Tea\nat five')
  await rest.setRole(by, group, id(), admin.id, 'admin')
  await rest.muteMember(admin.token, group, id(), member.id, until)
  await rest.changeGroup(by, group, id(), 'isMuted', true)
  await rest.changeGroup(by, group, id(), 'joinMode', 'approval')
  const seen = await rest.group(member.token, group)
  assert.partialDeepStrictEqual(seen, {
    name: 'coffee',
    announcement: 'Tea\nat five',
    isMuted: true,
    joinMode: 'approval',
    role: 'member',
    mutedUntil: until,
  })
  await assert.rejects(rest.group(asker.token, group), { code: 'CONVERSATION_NOT_FOUND' })
  const asked = await rest.joinGroup(asker.token, group, id())
  assert.deepEqual(asked, { outcome: 'pending' })
  const { requests } = await rest.joinRequests(admin.token, group)
  assert.deepEqual(
    requests.map(({ userId }) => userId),
    [asker.id],
  )
  await rest.decideJoin(admin.token, group, id(), asker.id, 'approve')
  assert.deepEqual((await rest.joinRequests(admin.token, group)).requests, [])
  await rest.muteMember(by, group, id(), member.id, undefined)
  await rest.changeGroup(by, group, id(), 'isMuted', false)
  await rest.changeGroup(by, group, id(), 'announcement', undefined)
  await rest.changeGroup(by, group, id(), 'joinMode', 'open')
  await rest.leaveGroup(asker.token, group, id())
  const joined = await rest.joinGroup(asker.token, group, id())
  await rest.transferGroup(by, group, id(), member.id)
  await rest.setRole(member.token, group, id(), owner.id, 'member')
  await rest.removeMember(admin.token, group, id(), owner.id)
  await assert.rejects(rest.leaveGroup(member.token, group, id()), { code: 'FORBIDDEN' })
  const ended = await rest.dissolveGroup(member.token, group, id())

  const entries = await historyOf(member, group)
  assert.deepEqual(
    entries.map(({ seq }) => seq),
    entries.map((_, index) => index + 1),
  )
  const types: ChangeType[] = [
    ...(['created', 'renamed', 'announced', 'roleChanged', 'muted', 'mutedAll', 'joinModeChanged', 'added'] as const),
    ...(['unmuted', 'unmutedAll', 'announced', 'joinModeChanged', 'left', 'joined', 'transferred'] as const),
    ...(['roleChanged', 'removed', 'dissolved'] as const),
  ]
  assert.deepEqual(
    entries.map(({ type }) => type),
    types,
  )
  for (const { type, body } of entries) assert.ok(Check(changes[type as ChangeType], body), `the body of ${type}`)
  assert.equal(ended.seq, entries.length)
  assert.equal(entries.find(({ type }) => type === 'joined')?.seq, joined.seq)
  // Who has joined again sees what came from then on, up to the end.
  const own = await rest.history(asker.token, group, 0)
  assert.deepEqual([own.entries[0]?.seq, own.lastSeq], [joined.seq, ended.seq])
  await assert.rejects(rest.group(member.token, group), { code: 'CONVERSATION_NOT_FOUND' })
})

test('who asks to join: admins and the owner hear of it, and the user of the decision, on their own sockets alone', async () => {
  const [owner, admin, member, first, second] = (await makePeople(system, 5)) as Person[]
  const { id: group } = await rest.openGroup(owner!.token, id(), 'tea', [admin!.id, member!.id])
  await rest.setRole(owner!.token, group, id(), admin!.id, 'admin')
  await rest.changeGroup(owner!.token, group, id(), 'joinMode', 'approval')
  const people = [owner!, admin!, member!, first!, second!]
  const sockets = await Promise.all(
    people.map(({ token }, index) => openRawSocket(system.gateways[index % 2]!.wsUrl, { token })),
  )
  const heardBy = (index: number) =>
    sockets[index]!.heard.flatMap(({ t, userId, state }) =>
      t === 'joinRequest' ? [`${String(userId)} ${String(state)}`] : [],
    )
  await rest.joinGroup(first!.token, group, id())
  await rest.joinGroup(second!.token, group, id())
  await other.withdrawJoin(second!.token, group, id())
  await other.decideJoin(admin!.token, group, id(), first!.id, 'reject')
  const all = [`${first!.id} pending`, `${second!.id} pending`, `${second!.id} withdrawn`, `${first!.id} rejected`]
  await waitFor(() => [0, 1].every((index) => heardBy(index).length === 4) && heardBy(3).length === 2, {
    what: 'the news',
  })
  assert.deepEqual([0, 1, 2, 3, 4].map(heardBy), [all, all, [], [all[0], all[3]], [all[1], all[2]]])
  await assert.rejects(rest.decideJoin(admin!.token, group, id(), first!.id, 'approve'), { code: 'NOT_FOUND' })
  for (const socket of sockets) socket.drop()
})

test('a stranger fills nothing: after twenty answers about one group there are no more', async () => {
  const [owner, stranger] = (await makePeople(system, 2)) as [Person, Person]
  const { id: group } = await rest.openGroup(owner.token, id(), 'tea', [])
  const kept = async () =>
    (await rows('SELECT * FROM commands WHERE conversation_id = ? AND actor_id = ?', [group, stranger.id])).length
  await assert.rejects(rest.joinGroup(stranger.token, group, id()), { code: 'CONVERSATION_NOT_FOUND' })
  await assert.rejects(rest.withdrawJoin(stranger.token, group, id()), { code: 'CONVERSATION_NOT_FOUND' })
  assert.equal(await kept(), 0)
  await rest.changeGroup(owner.token, group, id(), 'joinMode', 'approval')
  const firstId = id()
  await rest.joinGroup(stranger.token, group, firstId)
  await rest.withdrawJoin(stranger.token, group, id())
  // The first id again, late: its answer, and it asks for nothing.
  assert.deepEqual(await other.joinGroup(stranger.token, group, firstId), { outcome: 'pending' })
  assert.deepEqual((await rest.joinRequests(owner.token, group)).requests, [])
  const refusals: unknown[] = []
  for (let i = 0; i < 15; i += 1) {
    for (const ask of [rest.joinGroup, rest.withdrawJoin]) {
      await ask(stranger.token, group, id()).catch((error: ChatError) => refusals.push(error.code))
    }
  }
  assert.equal(await kept(), 20)
  assert.ok(refusals.length > 0 && refusals.every((code) => code === 'LIMIT_EXCEEDED'), refusals.join())
  // Once it was in, it starts anew.
  await rest.addMembers(owner.token, group, id(), [stranger.id])
  await rest.leaveGroup(stranger.token, group, id())
  assert.deepEqual(await rest.joinGroup(stranger.token, group, id()), { outcome: 'pending' })
})

test('the same id again, late, through the other gateway, from the next owner of the partition: the same answer, and nothing more', async () => {
  const [owner, admin, member, asker] = (await makePeople(system, 4)) as [Person, Person, Person, Person]
  const createId = id()
  const { id: group } = await rest.openGroup(owner.token, createId, 'tea', [admin.id, member.id])
  const by = owner.token
  type Again = (via: typeof rest) => Promise<Outcome>
  const asked: { readonly again: Again; readonly first: unknown }[] = []
  const keep = async (again: Again) => void asked.push({ again, first: await outcomeOf(again(rest)) })
  const outcomeOf = (result: Promise<Outcome>): Promise<unknown> => result.catch((error: ChatError) => error.code)
  const one = () => id()
  const command = async (run: (via: typeof rest, commandId: string) => Promise<Outcome>) => {
    const commandId = one()
    await keep((via) => run(via, commandId))
  }
  await command((via, c) => via.changeGroup(by, group, c, 'name', 'coffee'))
  await command((via, c) => via.changeGroup(by, group, c, 'announcement', 'hear'))
  await command((via, c) => via.changeGroup(by, group, c, 'announcement', undefined))
  await command((via, c) => via.changeGroup(by, group, c, 'joinMode', 'approval'))
  await command((via, c) => via.changeGroup(by, group, c, 'joinMode', 'approval'))
  await command((via, c) => via.changeGroup(by, group, c, 'isMuted', true))
  await command((via, c) => via.setRole(by, group, c, admin.id, 'admin'))
  await command((via, c) => via.muteMember(admin.token, group, c, member.id, until))
  await command((via, c) => via.muteMember(admin.token, group, c, owner.id, until))
  await command((via, c) => via.joinGroup(asker.token, group, c))
  await command((via, c) => via.joinGroup(asker.token, group, c))
  await command((via, c) => via.withdrawJoin(asker.token, group, c))
  await command((via, c) => via.joinGroup(asker.token, group, c))
  await command((via, c) => via.decideJoin(admin.token, group, c, asker.id, 'reject'))
  await command((via, c) => via.decideJoin(admin.token, group, c, asker.id, 'approve'))
  await command((via, c) => via.leaveGroup(by, group, c))
  await command((via, c) => via.transferGroup(by, group, c, member.id))
  await command((via, c) => via.transferGroup(by, group, c, admin.id))
  await command((via, c) => via.removeMember(member.token, group, c, owner.id))
  await command((via, c) => via.dissolveGroup(member.token, group, c))
  const entries = await historyOf(member, group)
  const state = () => rows('SELECT * FROM conversations WHERE id = ?', [group])
  const before = await state()

  for (const { again, first } of asked) assert.deepEqual(await outcomeOf(again(other)), first)
  const lost = await system.ownerOf(group)
  const [process] = await system.processes(lost.name)
  system.kill(process!)
  await waitFor(async () => (await system.ownerOf(group)).epoch > lost.epoch, {
    what: 'another owner',
    timeoutMs: 60_000,
  })
  for (const { again, first } of asked) assert.deepEqual(await outcomeOf(again(other)), first)

  assert.deepEqual(await historyOf(member, group), entries)
  assert.deepEqual(await state(), before)
  assert.equal((await other.openGroup(by, createId, 'tea', [admin.id, member.id])).id, group)
  await assert.rejects(other.openGroup(by, createId, 'coffee', [admin.id, member.id]), { code: 'IDEMPOTENCY_CONFLICT' })
  await system.waitUntilWell()
})

test('the same id with other content is a conflict, whatever it asks for', async () => {
  const [owner, member] = (await makePeople(system, 2)) as [Person, Person]
  const { id: group } = await rest.openGroup(owner.token, id(), 'tea', [member.id])
  const [by, same] = [owner.token, id()]
  await rest.changeGroup(by, group, same, 'name', 'coffee')
  for (const ask of [
    () => other.changeGroup(by, group, same, 'name', 'water'),
    () => other.changeGroup(by, group, same, 'announcement', 'coffee'),
    () => other.changeGroup(by, group, same, 'isMuted', true),
    () => other.setRole(by, group, same, member.id, 'admin'),
    () => other.muteMember(by, group, same, member.id, until),
    () => other.transferGroup(by, group, same, member.id),
    () => other.dissolveGroup(by, group, same),
  ]) {
    await assert.rejects(ask(), { code: 'IDEMPOTENCY_CONFLICT' })
  }
  assert.equal((await rest.group(by, group)).lastSeq, 2)
})

test('everybody transfers, promotes, removes, leaves and joins at once through both gateways, and then dissolves: always one owner', async (t) => {
  const people = await makePeople(system, 12)
  const [first] = people
  const { id: group } = await rest.openGroup(
    first!.token,
    id(),
    'tea',
    people.slice(1).map((person) => person.id),
  )
  await rest.changeGroup(first!.token, group, id(), 'joinMode', 'open')
  const pick = () => people[Math.floor(Math.random() * people.length)]!
  const seen = new Map<string, number>()
  const act = async (person: Person, round: number): Promise<void> => {
    const via = gateways[Math.floor(Math.random() * 2)]!
    const whom = pick().id
    const ways = [
      () => via.transferGroup(person.token, group, id(), whom),
      () => via.transferGroup(person.token, group, id(), whom),
      () => via.transferGroup(person.token, group, id(), whom),
      () => via.setRole(person.token, group, id(), whom, 'admin'),
      () => via.setRole(person.token, group, id(), whom, 'member'),
      () => via.removeMember(person.token, group, id(), whom),
      () => via.leaveGroup(person.token, group, id()),
      () => via.joinGroup(person.token, group, id()),
      () => via.joinGroup(person.token, group, id()),
      () => via.joinGroup(person.token, group, id()),
      () => via.addMembers(person.token, group, id(), [whom]),
    ]
    const way =
      round === rounds
        ? () => via.dissolveGroup(person.token, group, id())
        : ways[Math.floor(Math.random() * ways.length)]!
    const outcome = await way().then(
      (result) => result.outcome,
      (error: ChatError) => error.code,
    )
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
  }
  const rounds = 40
  await Promise.all(
    people.map(async (person) => {
      for (let round = 0; round <= rounds; round += 1) await act(person, round)
    }),
  )
  // Whoever was the owner may have been refused: it was not the owner yet.
  const [owner] = await rows('SELECT user_id FROM members WHERE conversation_id = ? AND role = 3 AND leave_seq = 0', [
    group,
  ])
  const last = people.find((person) => person.id === owner?.['user_id'])!
  await rest
    .dissolveGroup(last.token, group, id())
    .catch((error: ChatError) => assert.equal(error.code, 'CONVERSATION_NOT_FOUND'))

  const stored = await rows('SELECT seq, type, sender_id, body FROM messages WHERE conversation_id = ? ORDER BY seq', [
    group,
  ])
  const owners = new Set([first!.id])
  for (const [index, { seq, type, sender_id: sender, body }] of stored.entries()) {
    assert.equal(seq, index + 1, 'no seq is missing')
    const { userId, userIds = [] } = JSON.parse(String(body)) as { userId?: string; userIds?: string[] }
    if (type === 'transferred') {
      assert.ok(owners.delete(String(sender)), 'only the owner gives the group away')
      owners.add(userId!)
    }
    if (type === 'removed') for (const gone of userIds) assert.ok(!owners.has(gone), 'the owner is not removed')
    if (type === 'left') assert.ok(!owners.has(String(sender)), 'the owner does not leave')
    if (type === 'dissolved') assert.ok(owners.has(String(sender)) && index === stored.length - 1, 'its owner ends it')
    assert.equal(owners.size, 1)
  }
  const inDatabase = await rows('SELECT user_id, leave_seq FROM members WHERE conversation_id = ? AND role = 3', [
    group,
  ])
  assert.deepEqual(
    inDatabase.map((row) => ({ ...row })),
    [{ user_id: [...owners][0], leave_seq: 0 }],
  )
  const [conversation] = await rows('SELECT dissolved_seq, last_seq FROM conversations WHERE id = ?', [group])
  assert.deepEqual({ ...conversation }, { dissolved_seq: stored.length, last_seq: stored.length })
  const transfers = stored.filter(({ type }) => type === 'transferred').length
  assert.ok(transfers > 0, 'somebody gave it away')
  t.diagnostic(`${stored.length} entries, ${transfers} transfers · ${JSON.stringify(Object.fromEntries(seen))}`)
})

test('a large group is dissolved in one entry: heard by all who are online, settled up to it, and no member is touched', async (t) => {
  const crowd = await makeCrowd({ ...system, httpUrls, size: 700 })
  const [owner, ...others] = crowd.people
  const { conversationId } = crowd
  await using ledger = await openRoundLedger(system.mysqlUrl)
  const sockets = await Promise.all(
    others.slice(0, 20).map(({ token }, index) => openRawSocket(system.gateways[index % 2]!.wsUrl, { token })),
  )
  const member = others[30]!
  const last = others[40]!
  const places = () => rows('SELECT * FROM members WHERE conversation_id = ? ORDER BY user_id', [conversationId])
  await rest.setRole(owner!.token, conversationId, id(), member.id, 'admin')
  await rest.muteMember(member.token, conversationId, id(), last.id, until)
  const before = (await places()).map(({ user_id, leave_seq }) => [user_id, leave_seq])
  const startMs = performance.now()
  const { seq } = await rest.dissolveGroup(owner!.token, conversationId, id())
  const tookMs = performance.now() - startMs
  const hasHeard = ({ heard }: (typeof sockets)[number]) => heard.some((frame) => frame['type'] === 'dissolved')
  await waitFor(() => sockets.every(hasHeard), { what: 'the end at every socket', timeoutMs: 30_000 })
  await ledger.untilSettled(conversationId)
  assert.equal((await ledger.cursor(conversationId))?.settledSeq, seq)
  assert.deepEqual(
    (await places()).map(({ user_id, leave_seq }) => [user_id, leave_seq]),
    before,
  )
  await assert.rejects(rest.addMembers(owner!.token, conversationId, id(), [last.id]), {
    code: 'CONVERSATION_NOT_FOUND',
  })
  assert.equal((await rest.history(last.token, conversationId, seq! - 1)).lastSeq, seq)
  const sync = async (have: object) => {
    const socket = await openRawSocket(system.gateways[0]!.wsUrl, { token: last.token })
    socket.send({ t: 'sync', id: 's', have })
    const { conversations } = await socket.hear('synced')
    socket.drop()
    return conversations as Record<string, unknown>[]
  }
  assert.deepEqual(await sync({}), [])
  const [head] = await sync({ [conversationId]: seq! - 1 })
  assert.partialDeepStrictEqual(head, { conversationId, lastSeq: seq, leaveSeq: seq })
  for (const socket of sockets) socket.drop()
  t.diagnostic(`dissolved ${crowd.people.length} members in ${tookMs.toFixed(0)} ms`)
})
