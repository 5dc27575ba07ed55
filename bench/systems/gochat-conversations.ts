import { randomUUID } from 'node:crypto'
import { createRest } from '@gochat/sdk'
import { makePeople, type Person } from '#tests/support/crowd.ts'
import { inParallel } from '#tests/support/in-parallel.ts'

export interface Conversation {
  readonly id: string
  /** The first one owns it. */
  readonly members: readonly Person[]
}

export interface ConversationOptions {
  readonly gateways: readonly { readonly httpUrl: string }[]
  readonly mysqlUrl: string
  readonly accessTokenSecret: string
}

/** Members that one command may name. */
const membersPerCommand = 100

/** People by SQL, conversations as any client makes them. With `isDirect` they are of two, and direct. */
export async function makeConversations(
  options: ConversationOptions,
  {
    rooms,
    members,
    isDirect = false,
  }: { readonly rooms: number; readonly members: number; readonly isDirect?: boolean },
): Promise<Conversation[]> {
  const baseUrl = options.gateways.map(({ httpUrl }) => httpUrl)
  const rest = createRest({ baseUrl, timeoutMs: 60_000, maxAttempts: 20 })
  const people = await makePeople(options, rooms * members)
  const run = randomUUID()
  let commands = 0
  const commandId = () => `${run}.${commands++}`

  async function openGroup([owner, ...others]: readonly Person[]): Promise<string> {
    const ids = others.map(({ id }) => id)
    const group = await rest.openGroup(owner!.token, commandId(), 'bench', ids.slice(0, membersPerCommand))
    for (let at = membersPerCommand; at < ids.length; at += membersPerCommand) {
      await rest.addMembers(owner!.token, group.id, commandId(), ids.slice(at, at + membersPerCommand))
    }
    return group.id
  }

  return inParallel(Array.from({ length: rooms }), 8, async (_, r) => {
    const some = people.slice(r * members, (r + 1) * members)
    const id = isDirect ? (await rest.openDirect(some[0]!.token, commandId(), some[1]!.id)).id : await openGroup(some)
    return { id, members: some }
  })
}
