import type { Actor } from './cast.ts'
import { createDevice, type Device } from './device.ts'
import { inParallel } from '../support/in-parallel.ts'
import type { Rest } from '@gochat/sdk'

/** Everybody with their devices, in one group; actors enter and leave at their lines. */
export interface Stage {
  readonly conversationId: string
  readonly devices: readonly Device[]
  readonly members: readonly Player[]
  deviceOf(nick: string): Device
  /** What must happen before line `index` of `nick` is sent: a promise, where it takes time. */
  before(index: number, nick: string): Promise<void> | undefined
  /** What happens after line `index` is acknowledged. */
  after(index: number): Promise<void>
  /** Connects who comes late, and waits until everybody holds what there is to hold. */
  settle(timeoutMs: number): Promise<void>
  close(): Promise<void>
}

export interface Player {
  readonly actor: Actor
  readonly account: Account
  readonly devices: readonly Device[]
}

export interface Account {
  readonly userId: string
  readonly token: string
}

export interface StageOptions {
  readonly actors: readonly Actor[]
  readonly rest: Rest
  readonly httpUrls: readonly string[]
  readonly wsUrls: readonly string[]
  readonly run: string
  readonly folder: string
  readonly onProgress: (line: string) => void
}

/** Members that one command may name. */
const membersPerCommand = 100

export async function setStage(options: StageOptions): Promise<Stage> {
  const { actors, rest, run, onProgress } = options
  onProgress(`accounts: ${actors.length}`)
  const accounts = await inParallel(actors, 8, (actor) => enter(actor.nick))
  const owner = accounts[0]!
  const conversationId = await openGroup()
  const players = actors.map((actor, i) => play(actor, accounts[i]!, i))
  const byNick = new Map(players.map((player) => [player.actor.nick, player]))
  const present = players.filter((player) => player.actor.part !== 'late').flatMap((player) => player.devices)
  onProgress(`sockets: ${present.length}`)
  await inParallel(present, 16, (device) => device.chat.connect())
  const entrances = new Map<string, Promise<void>>()
  const drops = players.flatMap((player) =>
    player.actor.dropsAtLines.map((line) => ({ line, device: player.devices[0]! })),
  )

  return {
    conversationId,
    devices: players.flatMap((player) => player.devices),
    members: players,
    deviceOf: (nick) => byNick.get(nick)!.devices[0]!,
    before(index, nick) {
      for (const drop of drops) if (drop.line === index) drop.device.chat.dropConnection()
      const { actor, account } = byNick.get(nick)!
      if (actor.part !== 'joiner') return undefined
      if (actor.firstLine === index) entrances.set(nick, add([account.userId], `join-${index}`))
      return entrances.get(nick)
    },
    async after(index) {
      const leaving = players.find(({ actor }) => actor.part === 'leaver' && actor.lastLine === index)
      if (leaving === undefined) return
      await rest.leaveGroup(leaving.account.token, conversationId, `${run}.leave-${index}`)
    },
    async settle(timeoutMs) {
      const late = players.filter((player) => player.actor.part === 'late').flatMap((player) => player.devices)
      await Promise.all(late.map((device) => device.chat.connect()))
      await Promise.all(players.flatMap((player) => player.devices).map((device) => syncUntil(device, timeoutMs)))
    },
    close: async () =>
      void (await Promise.all(players.flatMap((player) => player.devices).map((device) => device.close()))),
  }

  async function enter(nick: string): Promise<Account> {
    const { user, accessToken } = await rest.enter(nick, 'a replayed password', 'replay')
    return { userId: user.id, token: accessToken }
  }

  function play(actor: Actor, account: Account, number: number): Player {
    const devices = Array.from({ length: actor.deviceCount }, (_, d) =>
      createDevice({
        name: `${String(number).padStart(3, '0')}-${d}`,
        token: account.token,
        wsUrls: rotated(options.wsUrls, number + d),
        conversationId,
        folder: options.folder,
      }),
    )
    return { actor, account, devices }
  }

  async function openGroup(): Promise<string> {
    const others = accounts.slice(1).filter((_, i) => actors[i + 1]!.part !== 'joiner')
    const ids = others.map((account) => account.userId)
    const group = await rest.openGroup(owner.token, `${run}.create`, `replay ${run}`, ids.slice(0, membersPerCommand))
    for (let at = membersPerCommand; at < ids.length; at += membersPerCommand) {
      await addTo(group.id, ids.slice(at, at + membersPerCommand), `fill-${at}`)
    }
    return group.id
  }

  function add(userIds: string[], name: string): Promise<void> {
    return addTo(conversationId, userIds, name)
  }

  async function addTo(groupId: string, userIds: string[], name: string): Promise<void> {
    await rest.addMembers(owner.token, groupId, `${run}.${name}`, userIds)
  }
}

/** Syncs until one sync goes through undisturbed: after it nothing is missing. */
async function syncUntil(device: Device, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    try {
      await device.chat.sync()
      return
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`${device.name} could not sync`, { cause: error })
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}

function rotated<T>(list: readonly T[], by: number): T[] {
  return list.map((_, i) => list[(i + by) % list.length]!)
}
