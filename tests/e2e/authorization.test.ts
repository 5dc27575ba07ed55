import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorEntry } from '#infra/errors/index.ts'
import { waitFor } from '#infra/testing/index.ts'
import { clientFrames } from '#proto/frames/index.ts'
import { openRawSocket, type Frame, type RawSocket } from '../support/bad-input/raw-socket.ts'
import { createRest, type Answer } from '../support/bad-input/rest.ts'
import { readOperations, urlOf, type Operation } from '../support/bad-input/routes.ts'
import { unknownId } from '../support/bad-input/stage.ts'
import type { Person } from '../support/crowd.ts'
import { good, makeCast, makeGroup, roles, setJoinMode, type Cast, type RoleName } from '../support/groups/cast.ts'
import { cellsOf, codes, dissolvedCells, frameRights, rights, type Cell } from '../support/groups/rights.ts'
import { inParallel } from '../support/in-parallel.ts'
import { openSystem } from '../support/system.ts'

const system = await openSystem()
const rest = createRest(system.gateways[0]!.httpUrl)
const operations = (await readOperations(rest)).filter(({ path }) => path.includes('{conversationId}'))
const frameNames = Object.entries(clientFrames).flatMap(([name, { properties }]) =>
  'conversationId' in properties ? [name] : [],
)
type Connecting = Exclude<RoleName, 'suspended'>
const connecting = roles.filter((role) => role !== 'suspended')
let cast: Cast
/** Nobody of the cast but the outsider is in these. */
let foreign: { group: string; direct: string }
/** Of the member and the target. */
let direct: string

before(async () => {
  cast = await makeCast(system, rest)
  const { outsider, askers, member, target } = cast
  const idOf = ({ body }: Answer) => (body as { id: string }).id
  const [group, pair, own] = await Promise.all([
    good(rest, 'POST', '/groups', outsider, { name: 'foreign', memberIds: [askers.owner.id] }),
    good(rest, 'POST', '/conversations/direct', outsider, { userId: askers.owner.id }),
    good(rest, 'POST', '/conversations/direct', member, { userId: target.id }),
  ])
  foreign = { group: idOf(group), direct: idOf(pair) }
  direct = idOf(own)
})

test('every operation on a conversation has a row, and every row its operation; so has every client frame', () => {
  assert.deepEqual(operations.map(({ key }) => key).sort(), Object.keys(rights).sort())
  assert.deepEqual(frameNames.sort(), Object.keys(frameRights).sort())
})

test('every operation of every role, in a group of its own: as the table says', async (t) => {
  const wrong = await inParallel(operations, 4, async (operation) => {
    const conversationId = await makeGroup(rest, cast)
    return judge(operation, conversationId, roles, cellsOf(rights[operation.key]!.cells))
  })
  assert.deepEqual(wrong.flat(), [])
  t.diagnostic(`${operations.length} operations × ${roles.length} roles`)
})

test('every operation of either side of a direct conversation, and of a stranger to it', async () => {
  const wrong: string[] = []
  for (const operation of operations) {
    const cells = cellsOf(rights[operation.key]!.cells)
    wrong.push(...(await judge(operation, direct, ['none', 'member'], [cells[0]!, cells.at(-1)!])))
  }
  assert.deepEqual(wrong, [])
})

test('a dissolved group: its history for who was in it, and nothing else for anybody', async () => {
  const id = await makeGroup(rest, cast)
  await good(rest, 'POST', `/groups/${id}/dissolve`, cast.owner, {})
  const wrong = await inParallel(operations, 4, (operation) =>
    judge(operation, id, roles, dissolvedCells(operation.key === 'GET /conversations/{conversationId}/messages')),
  )
  assert.deepEqual(wrong.flat(), [])
})

test('joining and withdrawing by the mode of the group: strangers and former members, too', async () => {
  const id = await makeGroup(rest, cast)
  for (const [joinMode, outcome] of [
    ['approval', 'pending'],
    ['open', 'applied'],
  ] as const) {
    await setJoinMode(rest, id, cast.owner, joinMode)
    for (const role of ['none', 'left'] as const) {
      const joined = await good(rest, 'POST', `/groups/${id}/join`, cast[role], {})
      assert.equal((joined.body as { outcome: string }).outcome, outcome, `${role} joins by ${joinMode}`)
      if (outcome === 'applied') await good(rest, 'POST', `/groups/${id}/leave`, cast[role], {})
      else await good(rest, 'DELETE', `/groups/${id}/join?commandId=${randomUUID()}`, cast[role])
    }
  }
})

test('a group that is muted: members may not send, admins and the owner may', async () => {
  const id = await makeGroup(rest, cast)
  await good(rest, 'PUT', `/groups/${id}/mute`, cast.owner, {})
  const send = operations.find(({ key }) => key === 'POST /conversations/{conversationId}/messages')!
  assert.deepEqual(await judge(send, id, roles, cellsOf('hide hide no no yes yes')), [])
})

test('nobody acts on somebody of the same or of a higher role, nor on oneself', async () => {
  const id = await makeGroup(rest, cast)
  const onMember = ({ path }: Operation) => path.startsWith('/groups/{conversationId}/members/{userId}')
  for (const operation of operations.filter(onMember)) {
    for (const [actor, about] of [
      ['admin', 'admin'],
      ['admin', 'owner'],
      ['owner', 'owner'],
    ] as const) {
      const answer = await ask(operation, id, actor, cast[actor], { userId: cast[about].id })
      assert.equal(codeOf(answer), 'FORBIDDEN', `${operation.key}: ${actor} on ${about}`)
    }
  }
})

test('over the WebSocket: every frame that names a conversation, of every role', async () => {
  const id = await makeGroup(rest, cast)
  const sockets = await openSockets()
  const wrong: string[] = []
  for (const name of ['send', 'history'] as const) {
    for (const [index, role] of roles.entries()) {
      if (role === 'suspended') continue
      const answer = await answerTo(sockets[role], name, id)
      const cell = cellsOf(frameRights[name]!)[index]!
      if (answer !== codes[cell]) wrong.push(`${name} of ${role}: ${String(answer)}, not ${cell}`)
    }
  }
  assert.deepEqual(wrong, [])
  // These are never answered: what a member hears of them tells.
  const watcher = sockets.owner
  for (const name of ['read', 'typing'] as const) {
    const others = connecting.filter((role) => role !== 'owner')
    const expected = others
      .filter((role) => cellsOf(frameRights[name]!)[roles.indexOf(role)] === 'yes')
      .map((role) => cast[role].id)
    const heard = () => watcher.heard.filter(({ t, conversationId }) => t === name && conversationId === id)
    const heardOf = () => new Set(heard().map(({ userId }) => userId))
    // Something to read.
    assert.equal(await answerTo(sockets.owner, 'send', id), undefined)
    for (const role of others)
      sockets[role].send({ t: name, conversationId: id, ...(name === 'read' ? { seq: 99 } : {}) })
    await waitFor(() => expected.every((userId) => heardOf().has(userId)), { what: `${name} of all who may` })
    // What is gathered for a second has gone out.
    await sleep(1500)
    assert.deepEqual([...heardOf()].sort(), expected.sort(), name)
  }
  for (const socket of Object.values(sockets)) socket.drop()
  for (const { wsUrl } of system.gateways) {
    const opening = openRawSocket(wsUrl, { token: cast.suspended.token })
    await assert.rejects(opening, { code: errorEntry('ACCOUNT_SUSPENDED').close })
  }
})

test('a guest is never made an admin or an owner', async () => {
  const id = await makeGroup(rest, cast)
  const { guest, owner } = cast
  const role = { commandId: randomUUID(), role: 'admin' }
  const path = `/groups/${id}/members/${guest.id}/role`
  const promoted = await rest.ask({ method: 'PUT', path, token: owner.token, body: role })
  const transfer = { commandId: randomUUID(), userId: guest.id }
  const given = await rest.ask({ method: 'POST', path: `/groups/${id}/transfer`, token: owner.token, body: transfer })
  assert.deepEqual([codeOf(promoted), codeOf(given)], ['FORBIDDEN', 'FORBIDDEN'])
})

test('over the WebSocket: a dissolved group, a direct conversation, and conversations of others', async () => {
  const id = await makeGroup(rest, cast)
  await good(rest, 'POST', `/groups/${id}/dissolve`, cast.owner, {})
  const sockets = await openSockets()
  for (const role of connecting) {
    const isStranger = role === 'none'
    assert.equal(await answerTo(sockets[role], 'send', id), codes.hide, `send of ${role}`)
    assert.equal(
      await answerTo(sockets[role], 'history', id),
      isStranger ? codes.hide : undefined,
      `history of ${role}`,
    )
    for (const other of [foreign.group, foreign.direct, unknownId, cast.outsider.id]) {
      assert.equal(await answerTo(sockets[role], 'send', other), codes.hide, `send of ${role} to ${other}`)
      assert.equal(await answerTo(sockets[role], 'history', other), codes.hide, `history of ${role} of ${other}`)
    }
  }
  assert.equal(await answerTo(sockets.member, 'send', direct), undefined)
  assert.equal(await answerTo(sockets.member, 'history', direct), undefined)
  assert.equal(await answerTo(sockets.none, 'send', direct), codes.hide)
  for (const socket of Object.values(sockets)) socket.drop()
})

test('the id of a conversation of others, anywhere: the same answer as for one that does not exist', async () => {
  const strangers = [foreign.group, foreign.direct, cast.outsider.id]
  for (const operation of operations) {
    const expected = await shown(ask(operation, unknownId, 'owner', cast.owner))
    for (const id of strangers) {
      assert.deepEqual(await shown(ask(operation, id, 'owner', cast.owner)), expected, `${operation.key} ${id}`)
    }
  }
  const id = await makeGroup(rest, cast)
  for (const afterUserId of [unknownId, ...strangers]) {
    for (const list of ['members', 'join-requests']) {
      const page = await good(rest, 'GET', `/groups/${id}/${list}?afterUserId=${afterUserId}`, cast.owner)
      assert.ok(!JSON.stringify(page.body).includes(foreign.group), list)
    }
  }
  const sync = (have: object, afterId?: string) =>
    shown(rest.ask({ method: 'POST', path: '/sync', token: cast.owner.token, body: { have, afterId } }))
  const known = await sync({})
  assert.deepEqual(await sync({ [foreign.group]: 0, [foreign.direct]: 9, [unknownId]: 3 }), known)
  const socket = await openRawSocket(system.gateways[1]!.wsUrl, { token: cast.owner.token })
  const heads = async (have: object) => {
    const id = randomUUID()
    const find = () => socket.heard.find((frame) => frame.t === 'synced' && frame['id'] === id)
    socket.send({ t: 'sync', id, have })
    await waitFor(() => find() !== undefined, { what: 'the answer to sync' })
    return find()!['conversations']
  }
  assert.deepEqual(await heads({ [foreign.group]: 0, [foreign.direct]: 9, [unknownId]: 3 }), await heads({}))
  socket.drop()
})

test('the id of a user who is not in, anywhere: the same answer whether there is such a user or not', async () => {
  const id = await makeGroup(rest, cast)
  const about = operations.filter(({ path }) => path.includes('{userId}'))
  assert.ok(about.length >= 6)
  for (const operation of about) {
    const expected = await shown(ask(operation, id, 'owner', cast.owner, { userId: unknownId }))
    for (const userId of [cast.outsider.id, cast.left.id, foreign.group, id]) {
      const answer = await shown(ask(operation, id, 'owner', cast.owner, { userId }))
      assert.deepEqual(answer, expected, `${operation.key} ${userId}`)
    }
  }
  const transfer = (userId: string) =>
    shown(
      rest.ask({
        method: 'POST',
        path: `/groups/${id}/transfer`,
        token: cast.owner.token,
        body: { commandId: randomUUID(), userId },
      }),
    )
  assert.deepEqual(await transfer(cast.outsider.id), await transfer(unknownId))
})

test('nothing of all this met an error on our side', () => {
  assert.deepEqual(rest.serverErrors, [])
})

/** What is wrong with the cells of one operation, tried in the order of the roles: what a lower one did disturbs no higher one. */
async function judge(
  operation: Operation,
  conversationId: string,
  of: readonly RoleName[],
  cells: readonly Cell[],
): Promise<string[]> {
  const wrong: string[] = []
  for (const [index, role] of of.entries()) {
    const answer = await ask(operation, conversationId, role, cast[role])
    const cell = cells[index]!
    if (codeOf(answer) === codes[cell] && (cell !== 'yes' || answer.status < 300)) continue
    wrong.push(`${operation.key} of ${role}: ${answer.status} ${JSON.stringify(answer.body)}, not ${cell}`)
  }
  return wrong
}

function ask(
  operation: Operation,
  conversationId: string,
  role: RoleName,
  { token }: Person,
  more: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const { body, about } = rights[operation.key]!
  const params = { conversationId, ...(about === undefined ? {} : { userId: about(cast, role) }), ...more }
  const needsId = operation.query.some(({ name }) => name === 'commandId')
  const path = urlOf(operation, { params, ...(needsId ? { query: { commandId: randomUUID() } } : {}) })
  const takesId = operation.body?.properties?.['commandId'] !== undefined
  const content = body === undefined ? undefined : { ...(takesId ? { commandId: randomUUID() } : {}), ...body(cast) }
  return rest.ask({ method: operation.method, path, token, body: content })
}

/** What a client can tell answers apart by. */
async function shown(asked: Promise<Answer>): Promise<unknown> {
  const { status, body } = await asked
  const { error, ...others } = body as { error?: Record<string, unknown> }
  return { status, ...others, ...(error === undefined ? {} : { error: { ...error, traceId: undefined } }) }
}

function codeOf({ body }: Answer): unknown {
  return (body as { error?: { code: string } } | null)?.error?.code
}

function message() {
  return { clientMessageId: randomUUID(), type: 'text', body: { text: 'hi' } }
}

async function openSockets(): Promise<Record<Connecting, RawSocket>> {
  const opened = await Promise.all(
    connecting.map((role, index) => openRawSocket(system.gateways[index % 2]!.wsUrl, { token: cast[role].token })),
  )
  return Object.fromEntries(connecting.map((role, index) => [role, opened[index]!])) as Record<Connecting, RawSocket>
}

/** The name of the error that a frame is answered with; undefined: it was done. */
async function answerTo(socket: RawSocket, name: 'send' | 'history', conversationId: string): Promise<unknown> {
  const id = randomUUID()
  const isAnswer = (frame: Frame) => ['ack', 'page', 'error'].includes(frame.t) && frame['id'] === id
  socket.send(
    name === 'send'
      ? { t: 'send', id, conversationId, messages: [message()] }
      : { t: 'history', id, conversationId, afterSeq: 0 },
  )
  await waitFor(() => socket.heard.some(isAnswer), { what: `an answer to ${name}` })
  const answer = socket.heard.find(isAnswer)!
  const [result] = (answer['results'] as { error?: { code: string } }[] | undefined) ?? []
  return ((answer['error'] ?? result?.error) as { code: string } | undefined)?.code
}
