import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { audienceStage, type Client } from '../testing/audience-stage.ts'
import type { HeldAnswer } from '../testing/scripted-members.ts'

const users = ['ann', 'bob', 'carol'] as const
const room = '7'

interface Entry {
  readonly seq: number
  readonly memberVersion: number
  readonly visibleTo: ReadonlySet<string>
  /** Those of them who have not joined again since: a new stay has taken the place of the old one. */
  readonly owedTo: Set<string>
  /** Sockets that were ready when it was written, and are still there: a sync after `ready` brings all that is older. */
  readonly expectedAt: Set<Client>
}

/** One conversation whose members, sockets, entries and answers come in any order; what really holds is written down. */
function createWorld() {
  const stage = audienceStage()
  const { members } = stage
  const held = members.hold() as HeldAnswer[]
  const active = new Set<string>()
  const clients = new Map<string, Client & { isReady: boolean }>()
  const entries: Entry[] = []
  const onTheWay: Entry[] = []
  const violations: string[] = []
  /** The creation: a leave_seq of 0 would mean no end. */
  let seq = 1
  let memberVersion = members.join(room, 'owner', 0)
  let isLarge = true
  let isDirectEntryDue = false

  function post(alsoVisibleTo?: string): void {
    seq += 1
    isDirectEntryDue = false
    if (!isLarge) return
    const visibleTo = new Set(alsoVisibleTo === undefined ? active : [...active, alsoVisibleTo])
    const expectedAt = new Set([...clients.values()].filter(({ isReady }) => isReady))
    const entry = { seq, memberVersion, visibleTo, owedTo: new Set(visibleTo), expectedAt }
    entries.push(entry)
    onTheWay.push(entry)
  }

  const actions = {
    login(user: string) {
      if (clients.has(user)) return
      const client = { ...stage.open(user), isReady: false }
      clients.set(user, client)
      void client.entered.then(() => (client.isReady = true))
    },
    logout(user: string) {
      const client = clients.get(user)
      if (client === undefined) return
      check(user, client)
      for (const { expectedAt } of entries) expectedAt.delete(client)
      client.leave()
      clients.delete(user)
    },
    join(user: string) {
      if (active.has(user)) return
      memberVersion = members.join(room, user, seq)
      active.add(user)
      for (const { owedTo } of entries) owedTo.delete(user)
    },
    leave(user: string) {
      if (!active.delete(user)) return
      memberVersion = members.leave(room, user, seq)
    },
    kick(user: string) {
      if (!active.delete(user)) return
      memberVersion = members.leave(room, user, seq + 1)
      post(user)
    },
    post: () => post(),
    /** The next entry arrives here. */
    arrive() {
      const entry = onTheWay.shift()
      if (entry === undefined) return
      stage.deliver(room, entry.seq, entry.memberVersion)
    },
    resend() {
      const arrived = entries.slice(0, entries.length - onTheWay.length)
      for (const entry of arrived.slice(-3)) stage.deliver(room, entry.seq, entry.memberVersion)
    },
    readFirst: () => held[0]?.read(),
    readLast: () => held.at(-1)?.read(),
    answerFirst: () => held[0]?.release(),
    answerLast: () => held.at(-1)?.release(),
    changeClass() {
      if (isDirectEntryDue) post()
      isLarge = !isLarge
      members.areLarge = isLarge
      isDirectEntryDue = !isLarge
    },
  }

  function check(user: string, client: Client): void {
    for (const got of client.seqs()) {
      const entry = entries.find((entry) => entry.seq === got)
      if (entry?.visibleTo.has(user) !== true) violations.push(`${user} got ${got}`)
    }
  }

  async function end(): Promise<void> {
    while (onTheWay.length > 0) actions.arrive()
    await stage.settled()
    while (held.length > 0) {
      held[0]!.release()
      await stage.settled()
    }
    for (const [user, client] of clients) {
      check(user, client)
      const got = new Set(client.seqs())
      for (const { seq, owedTo, expectedAt } of entries) {
        if (owedTo.has(user) && expectedAt.has(client) && !got.has(seq)) violations.push(`${user} lacks ${seq}`)
      }
    }
    await stage.audiences[Symbol.asyncDispose]()
    assert.deepEqual([violations, stage.missed], [[], []])
  }
  return { actions, settled: stage.settled, end }
}

type Name = keyof ReturnType<typeof createWorld>['actions']
const names: Name[] = [
  'login',
  'logout',
  'join',
  'leave',
  'kick',
  'post',
  'arrive',
  'resend',
  'readFirst',
  'readLast',
  'answerFirst',
  'answerLast',
  'changeClass',
]
const step = fc.record({
  name: fc.constantFrom(...names, 'arrive' as const, 'post' as const),
  user: fc.constantFrom(...users),
  isSettled: fc.boolean(),
})

test('whatever comes when: nobody gets what it may not see, and who was ready lacks nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
      const world = createWorld()
      for (const { name, user, isSettled } of steps) {
        world.actions[name](user)
        if (isSettled) await world.settled()
      }
      await world.end()
    }),
    { numRuns: 150 },
  )
})
