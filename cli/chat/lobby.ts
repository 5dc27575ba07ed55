import { createRest, type Rest } from '@gochat/sdk'

/** The lobby of the terminal client: one group that the user "lobby" owns and adds everyone to. */
export interface Lobby {
  readonly conversationId: string
  /** A fresh access token for this terminal's user. */
  token(): Promise<string>
  nameOf(userId: string): Promise<string>
}

/** For a local playground only: everybody's password is the same, so that a name is all one needs. */
const password = 'chat in the lobby'

export async function enterLobby(baseUrl: string, name: string): Promise<Lobby> {
  const rest = createRest({ baseUrl })
  const enter = (who: string) => rest.enter(who, password, `terminal-${process.pid}`)
  const [owner, self] = [await enter('lobby'), await enter(name)]
  // The same commandId gives the same group, and being added twice changes nothing.
  const group = await rest.openGroup(owner.accessToken, 'lobby', 'Lobby', [])
  await rest.addMembers(owner.accessToken, group.id, `add-${self.user.id}-${Date.now()}`, [self.user.id])
  return {
    conversationId: group.id,
    token: async () => (await enter(name)).accessToken,
    nameOf: rememberNames(rest, self.accessToken),
  }
}

function rememberNames(rest: Rest, token: string): (userId: string) => Promise<string> {
  const names = new Map<string, Promise<string>>()
  return (userId) => {
    const known = names.get(userId) ?? rest.userName(token, userId)
    names.set(userId, known)
    return known
  }
}
