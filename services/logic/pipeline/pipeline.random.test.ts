import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { ConversationKind, JoinMode, Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { createCluster, type Cluster, type CommandInit, type Process } from './testing/cluster.ts'
import { add, command, leave, read, remove, send, typing } from './testing/commands.ts'
import { createMemoryRepo, type AppendFault } from './testing/memory-repo.ts'
import { checkPromises, isFinal, resultsByCommand, type Frame } from './testing/model.ts'

/** What clients do, and what happens to the processes: everything that may go wrong, in any order. */
const member = fc.constantFrom('100 1', '100 2', '100 3', '101 3', '101 8', '102 1', '102 9')
const anybody = fc.constantFrom('100 8', '100 9', '101 1', '101 2', '102 3')
const who = fc.oneof({ weight: 5, arbitrary: member }, { weight: 1, arbitrary: anybody })
const users = fc.uniqueArray(fc.constantFrom('2', '3', '8', '9', '77'), { minLength: 1, maxLength: 2, size: 'max' })
const process = fc.nat({ max: 1 })

function weighted<T>(weight: number, model: { [K in keyof T]: fc.Arbitrary<T[K]> }) {
  return { weight, arbitrary: fc.record(model) }
}

const is = <T extends string>(what: T) => fc.constant(what)

/** What happens to the processes. A process that is not told of a rebalance goes on with what it had. */
const happenings = [
  weighted(8, { do: is('fetch'), process, max: fc.integer({ min: 1, max: 20 }) }),
  weighted(5, { do: is('settle'), process }),
  weighted(3, { do: is('turns'), count: fc.integer({ min: 1, max: 6 }) }),
  weighted(3, { do: is('commit'), process }),
  weighted(2, { do: is('rebalance'), cut: fc.nat({ max: 2 }), told: fc.constantFrom('both', 'first', 'second') }),
  weighted(2, { do: is('kill'), process }),
  weighted(3, {
    do: is('fault'),
    fault: fc.constantFrom<AppendFault>('unavailable before', 'unavailable after', 'broken before', 'broken after'),
  }),
  weighted(1, { do: is('transport'), isDown: fc.boolean() }),
] as const

const action = fc.oneof(
  weighted(8, { do: is('send'), who, count: fc.integer({ min: 1, max: 4 }), isSplit: fc.boolean() }),
  weighted(3, { do: is('send again'), which: fc.nat({ max: 99 }) }),
  weighted(1, { do: is('other content'), which: fc.nat({ max: 99 }) }),
  weighted(3, { do: is('change'), who, users, how: fc.constantFrom('add', 'remove', 'leave') }),
  weighted(2, { do: is('read'), who, seq: fc.integer({ min: 1, max: 30 }) }),
  ...happenings,
)

/** One group that crosses the threshold both ways, because members come and go and because the threshold moves. */
const inGroup = fc.constantFrom('100 1', '100 1', '100 2', '100 3', '100 8')
const changingClass = fc.oneof(
  weighted(8, { do: is('send'), who: inGroup, count: fc.integer({ min: 1, max: 2 }), isSplit: fc.boolean() }),
  weighted(3, { do: is('send again'), which: fc.nat({ max: 99 }) }),
  weighted(14, {
    do: is('change'),
    who: inGroup,
    users: fc.uniqueArray(fc.constantFrom('2', '3', '8', '9'), { minLength: 1, maxLength: 3, size: 'max' }),
    how: fc.constantFrom('add', 'remove', 'leave'),
  }),
  weighted(8, { do: is('threshold'), threshold: fc.integer({ min: 2, max: 6 }) }),
  weighted(1, { do: is('read'), who: inGroup, seq: fc.integer({ min: 1, max: 30 }) }),
  weighted(16, { do: is('settle all') }),
  ...happenings,
)
/** Everything that changes a group, its roles and who gets in, by whoever is in it, was, or never was. */
const inGroups = fc.constantFrom('100 1', '100 1', '100 2', '100 3', '100 8', '100 9', '101 3', '101 8', '101 1')
const anyone = fc.constantFrom('1', '2', '3', '8', '9', '77')
const command_ = fc.oneof(
  fc.record({ case: is('rename'), value: fc.record({ name: fc.constantFrom('tea', 'coffee') }) }),
  fc.record({ case: is('setAnnouncement'), value: fc.record({ text: fc.constantFrom('', 'hear') }) }),
  fc.record({
    case: is('setJoinMode'),
    value: fc.record({ joinMode: fc.constantFrom(JoinMode.INVITE, JoinMode.APPROVAL, JoinMode.OPEN) }),
  }),
  fc.record({ case: is('muteAll'), value: fc.record({ isMuted: fc.boolean() }) }),
  fc.record({
    case: is('mute'),
    value: fc.record({ userId: anyone, untilMs: fc.constantFrom(0, 1_000_000_000_000, 253_000_000_000_000) }),
  }),
  fc.record({
    case: is('setRole'),
    value: fc.record({ userId: anyone, role: fc.constantFrom(Role.MEMBER, Role.ADMIN) }),
  }),
  fc.record({ case: is('transfer'), value: fc.record({ userId: anyone }) }),
  fc.record({ case: is('approve'), value: fc.record({ userId: anyone }) }),
  fc.record({ case: is('reject'), value: fc.record({ userId: anyone }) }),
  fc.constantFrom({ case: 'join', value: {} } as const, { case: 'withdraw', value: {} } as const),
)
const changingGroups = fc.oneof(
  weighted(3, { do: is('send'), who: inGroups, count: fc.integer({ min: 1, max: 2 }), isSplit: fc.boolean() }),
  weighted(6, { do: is('send again'), which: fc.nat({ max: 99 }) }),
  weighted(4, { do: is('change'), who: inGroups, users, how: fc.constantFrom('add', 'remove', 'leave') }),
  weighted(16, { do: is('command'), who: inGroups, body: command_ }),
  weighted(1, { do: is('command'), who: inGroups, body: fc.constant({ case: 'dissolve', value: {} } as const) }),
  weighted(2, { do: is('threshold'), threshold: fc.integer({ min: 2, max: 6 }) }),
  weighted(8, { do: is('settle all') }),
  ...happenings,
)
type ChangingGroups = typeof changingGroups extends fc.Arbitrary<infer T> ? T : never

type Action = typeof action extends fc.Arbitrary<infer T> ? T : never
type ChangingClass = typeof changingClass extends fc.Arbitrary<infer T> ? T : never

async function promisesHold(actions: readonly (Action | ChangingClass | ChangingGroups)[]): Promise<void> {
  const world = createWorld()
  for (const step of actions) await perform(world, step)
  await heal(world)
  checkPromises(world.cluster, world.frames)
}

const options = { numRuns: Number(globalThis.process.env['GOCHAT_RANDOM_RUNS'] ?? 60), endOnFailure: false }

test('whatever is repeated, replayed, rebalanced, lost or killed: stored once, in order, told to the right members', async () => {
  const actions = fc.array(action, { minLength: 20, maxLength: 80, size: 'max' })
  await fc.assert(fc.asyncProperty(actions, promisesHold), options)
})

test('the same while a group becomes large and direct again', async () => {
  const actions = fc.array(changingClass, { minLength: 40, maxLength: 120, size: 'max' })
  await fc.assert(fc.asyncProperty(actions, promisesHold), options)
})

test('the same while groups change in every way: one owner at any time, and the database as the log tells it', async () => {
  const actions = fc.array(changingGroups, { minLength: 40, maxLength: 120, size: 'max' })
  // The longest of the three: a third of the runs, so that ./gochat check stays short.
  const numRuns = Math.ceil(options.numRuns / 3)
  await fc.assert(fc.asyncProperty(actions, promisesHold), { ...options, numRuns })
})

interface World {
  readonly cluster: Cluster
  readonly processes: Process[]
  readonly frames: (Frame & { readonly commands: readonly CommandInit[] })[]
  nextId: number
}

function createWorld(): World {
  const repo = createMemoryRepo()
  repo.addConversation('100', ConversationKind.GROUP, { 1: Role.OWNER, 2: Role.ADMIN, 3: Role.MEMBER })
  repo.addConversation('101', ConversationKind.GROUP, { 3: Role.OWNER, 8: Role.MEMBER })
  repo.addConversation('102', ConversationKind.DIRECT, { 1: Role.MEMBER, 9: Role.MEMBER })
  const cluster = createCluster(repo)
  cluster.threshold = 3
  const processes = [cluster.start({ reclaimAfterMs: 60_000 }), cluster.start({ reclaimAfterMs: 60_000 })]
  processes[0]?.assign([0])
  processes[1]?.assign([1])
  return { cluster, processes, frames: [], nextId: 1 }
}

async function perform(world: World, step: Action | ChangingClass | ChangingGroups): Promise<void> {
  const { cluster, processes, frames } = world
  const one = 'process' in step ? processes[step.process] : undefined
  const [conversationId = '', actorId = ''] = 'who' in step ? step.who.split(' ') : []
  const frame = 'which' in step ? frames[step.which % Math.max(1, frames.length)] : undefined
  switch (step.do) {
    case 'send': {
      const ids = Array.from({ length: step.count }, () => `m${world.nextId++}`)
      const request = `${actorId}.${ids[0]}`
      const commands = ids.map((id) => send(conversationId, actorId, id, id, { request }))
      frames.push({ conversationId, actorId, ids, commands })
      produce(world, commands, step.isSplit)
      break
    }
    case 'send again':
      if (frame !== undefined) produce(world, frame.commands, false)
      break
    case 'other content': {
      const [id] = frame?.ids ?? []
      if (frame === undefined || id === undefined || frame.commands[0]?.body?.case !== 'send') break
      produce(world, [send(frame.conversationId, frame.actorId, id, 'other', { request: `${frame.actorId}.x` })], false)
      break
    }
    case 'change': {
      const id = `c${world.nextId++}`
      const from = { connection: 0, request: `${actorId}.${id}` }
      const command =
        step.how === 'leave'
          ? leave(conversationId, actorId, id, from)
          : (step.how === 'add' ? add : remove)(conversationId, actorId, id, step.users, from)
      frames.push({ conversationId, actorId, ids: [id], commands: [command] })
      produce(world, [command], false)
      break
    }
    case 'command': {
      const id = `c${world.nextId++}`
      const asked = command(conversationId, actorId, id, step.body, { connection: 0, request: `${actorId}.${id}` })
      frames.push({ conversationId, actorId, ids: [id], commands: [asked] })
      produce(world, [asked], false)
      break
    }
    case 'read':
      produce(world, [read(conversationId, actorId, step.seq), typing(conversationId, actorId)], false)
      break
    case 'fetch':
      one?.fetch(step.max)
      break
    case 'settle':
      if (!cluster.isTransportDown) await one?.settle()
      break
    case 'settle all':
      if (cluster.isTransportDown) break
      for (const each of processes) {
        each.fetch()
        await each.settle()
      }
      break
    case 'turns':
      for (let turn = 0; turn < step.count; turn += 1) await setImmediate()
      break
    case 'commit':
      await one?.pipeline.commit()
      break
    case 'rebalance':
      if (step.told !== 'second') processes[0]?.assign([0, 1].slice(0, step.cut))
      if (step.told !== 'first') processes[1]?.assign([0, 1].slice(step.cut))
      break
    case 'kill': {
      const assigned = one?.assigned ?? []
      one?.kill()
      const fresh = cluster.start({ reclaimAfterMs: 60_000 })
      processes[step.process] = fresh
      fresh.assign(assigned)
      break
    }
    case 'fault':
      cluster.repo.faults.push(step.fault)
      break
    case 'transport':
      cluster.isTransportDown = step.isDown
      break
    case 'threshold':
      cluster.threshold = step.threshold
      break
  }
  for (const [partition, offset] of cluster.committed) {
    assert.ok(offset <= cluster.repo.ownerOf(partition).nextOffset, 'no commit runs ahead of the effects')
  }
}

function produce({ cluster }: World, commands: readonly CommandInit[], isSplit: boolean, timestampMs?: number): void {
  if (isSplit) for (const command of commands) cluster.produce([command], timestampMs)
  else cluster.produce(commands, timestampMs)
}

/** Everything recovers, and clients ask again until they know. */
async function heal(world: World): Promise<void> {
  const { cluster, processes, frames } = world
  cluster.isTransportDown = false
  for (const one of processes) one.kill()
  const last = cluster.start()
  last.assign([0, 1])
  await last.drain()
  for (let round = 1; ; round += 1) {
    const results = resultsByCommand(cluster)
    const open = frames.filter(({ conversationId, actorId, ids }) =>
      ids.some((id) => !(results.get(`${conversationId} ${actorId} ${id}`) ?? []).some(isFinal)),
    )
    if (open.length === 0) break
    assert.ok(round <= 3, 'every command is answered in the end')
    for (const { commands } of open) produce(world, commands, false, Date.now() + round * 10_000)
    await last.drain()
  }
  await last.pipeline.commit()
  for (const [partition, log] of cluster.logs.entries()) {
    assert.equal(cluster.committed.get(partition) ?? 0, log.length, 'the work is committed to the end')
  }
  await last.pipeline[Symbol.asyncDispose]()
}
