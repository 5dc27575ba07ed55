import { createRest } from '@gochat/sdk'

/** Accounts and conversations for a run, made through the REST API as any client would. */
export interface Person {
  readonly id: string
  readonly token: string
}

export interface Population {
  register(name: string): Promise<Person>
  openDirect(person: Person, peerId: string): Promise<string>
  openGroup(person: Person, name: string, memberIds: string[]): Promise<string>
}

export function createPopulation(baseUrl: string): Population {
  const rest = createRest({ baseUrl, timeoutMs: 30_000 })
  const run = `bench-${Date.now().toString(36)}`
  let commands = 0
  const commandId = () => `${run}-${commands++}`
  return {
    async register(name) {
      const { user, accessToken } = await rest.register(name, 'a bench password', 'bench')
      return { id: user.id, token: accessToken }
    },
    openDirect: async (person, userId) => (await rest.openDirect(person.token, commandId(), userId)).id,
    openGroup: async (person, name, memberIds) => (await rest.openGroup(person.token, commandId(), name, memberIds)).id,
  }
}
