/** Accounts and conversations for a run, made through the REST API as any client would. */
export interface Person {
  readonly id: string
  readonly token: string
}

export interface Api {
  register(name: string): Promise<Person>
  openDirect(person: Person, peerId: string): Promise<string>
  openGroup(person: Person, name: string, memberIds: string[]): Promise<string>
}

export function createApi(baseUrl: string): Api {
  let commands = 0
  const run = `bench-${Date.now().toString(36)}`
  const commandId = () => `${run}-${commands++}`
  async function post(path: string, body: object, token?: string): Promise<Record<string, unknown>> {
    const response = await fetch(`${baseUrl}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as Record<string, unknown>
  }
  return {
    async register(name) {
      const answer = await post('/auth/register', { name, password: 'a bench password', deviceId: 'bench' })
      return { id: (answer['user'] as { id: string }).id, token: answer['accessToken'] as string }
    },
    openDirect: async (person, userId) =>
      (await post('/conversations/direct', { commandId: commandId(), userId }, person.token))['id'] as string,
    openGroup: async (person, name, memberIds) =>
      (await post('/groups', { commandId: commandId(), name, memberIds }, person.token))['id'] as string,
  }
}

/** Runs `make` for 0 … count − 1, at most `width` at a time, in order of start. */
export async function inParallel<T>(count: number, width: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = Array.from({ length: count })
  let next = 0
  const worker = async () => {
    for (let index = next++; index < count; index = next++) results[index] = await make(index)
  }
  await Promise.all(Array.from({ length: width }, worker))
  return results
}
