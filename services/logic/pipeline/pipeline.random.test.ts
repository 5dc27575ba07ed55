import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ConversationKind, Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { createCluster, type Cluster, type CommandInit, type Process } from './testing/cluster.ts'
import { add, leave, read, remove, send, typing } from './testing/commands.ts'
import { createMemoryRepo, type AppendFault } from './testing/memory-repo.ts'
import { checkPromises, isFinal, resultsByCommand, type Frame } from './testing/model.ts'

/** What clients do, and what happens to the processes: everything that may go wrong, in any order. */
const actor = fc.constantFrom('1', '2', '3', '8', '9')
const conversation = fc.constantFrom('100', '101', '102')
const users = fc.uniqueArray(fc.constantFrom('2', '3', '8', '9', '77'), { minLength: 1, maxLength: 2 })
const fault = fc.constantFrom<AppendFault>('unavailable before', 'unavailable after', 'broken before', 'broken after')
const process = fc.nat({ max: 1 })

const action = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('send'),
      conversation,
      actor,
      count: fc.integer({ min: 1, max: 4 }),
      isSplit: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('send again'), which: fc.nat({ max: 99 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('other content'), which: fc.nat({ max: 99 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('change'),
      conversation,
      actor,
      users,
      how: fc.constantFrom('add', 'remove', 'leave'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('read'), conversation, actor, seq: fc.integer({ min: 1, max: 30 }) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('fetch'), process, max: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('settle'), process }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('commit'), process }) },
  // A process that is not told goes on with what it had.
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('rebalance'),
      cut: fc.nat({ max: 2 }),
      told: fc.constantFrom('both', 'first', 'second'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('kill'), process }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('fault'), fault }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('transport'), isDown: fc.boolean() }) },
)
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never

test('whatever is repeated, replayed, rebalanced, lost or killed: stored once, in order, told to the right members', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 60 }), async (actions) => {
      const world = createWorld()
      for (const step of actions) await perform(world, step as Step)
      await heal(world)
      checkPromises(world.cluster, world.frames)
    }),
    { numRuns: Number(globalThis.process.env['GOCHAT_RANDOM_RUNS'] ?? 60), endOnFailure: false },
  )
})

interface World {
  readonly cluster: Cluster
  readonly processes: Process[]
  readonly frames: (Frame & { readonly commands: readonly CommandInit[] })[]
  nextId: number
}

type Step = Action & {
  do: string
  process: number
  conversation: string
  actor: string
  count: number
  isSplit: boolean
  which: number
  users: string[]
  how: 'add' | 'remove' | 'leave'
  seq: number
  max: number
  cut: number
  told: string
  fault: AppendFault
  isDown: boolean
}

function createWorld(): World {
  const repo = createMemoryRepo()
  repo.addConversation('100', ConversationKind.GROUP, { 1: Role.OWNER, 2: Role.ADMIN, 3: Role.MEMBER })
  repo.addConversation('101', ConversationKind.GROUP, { 3: Role.OWNER, 8: Role.MEMBER })
  repo.addConversation('102', ConversationKind.DIRECT, { 1: Role.MEMBER, 9: Role.MEMBER })
  const cluster = createCluster(repo)
  const processes = [cluster.start({ reclaimAfterMs: 60_000 }), cluster.start({ reclaimAfterMs: 60_000 })]
  processes[0]?.assign([0])
  processes[1]?.assign([1])
  return { cluster, processes, frames: [], nextId: 1 }
}

async function perform(world: World, step: Step): Promise<void> {
  const { cluster, processes, frames } = world
  const one = processes[step.process]
  const frame = frames[step.which % Math.max(1, frames.length)]
  switch (step.do) {
    case 'send': {
      const ids = Array.from({ length: step.count }, () => `m${world.nextId++}`)
      const request = `${step.actor}.${ids[0]}`
      const commands = ids.map((id) => send(step.conversation, step.actor, id, id, { request }))
      frames.push({ conversationId: step.conversation, actorId: step.actor, ids, commands })
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
      const command =
        step.how === 'leave'
          ? leave(step.conversation, step.actor, id)
          : (step.how === 'add' ? add : remove)(step.conversation, step.actor, id, step.users)
      const asked = { ...command, replyTo: { ...command.replyTo, request: `${step.actor}.${id}` } } as CommandInit
      frames.push({ conversationId: step.conversation, actorId: step.actor, ids: [id], commands: [asked] })
      produce(world, [asked], false)
      break
    }
    case 'read':
      produce(world, [read(step.conversation, step.actor, step.seq), typing(step.conversation, step.actor)], false)
      break
    case 'fetch':
      one?.fetch(step.max)
      break
    case 'settle':
      if (!cluster.isTransportDown) await one?.settle()
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
    default:
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
