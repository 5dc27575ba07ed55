import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createRest, type Answer } from './bad-input/rest.ts'
import type { GatewayAddress } from '../../cli/gateways.ts'

/** What a login gave, as it came over REST. */
export interface Session {
  readonly userId: string
  readonly name: string
  readonly deviceId: string
  readonly accessToken: string
  readonly refreshToken: string
}

/** The accounts part of REST, of several gateways: what is asked goes to the one named by its place. */
export function createAccounts(gateways: readonly GatewayAddress[]) {
  const rests = gateways.map(({ httpUrl }) => createRest(httpUrl))

  async function ask(gateway: number, method: string, path: string, token?: string, body?: unknown): Promise<Answer> {
    return await rests[gateway]!.ask({ method, path, token, body })
  }

  async function enter(gateway: number, path: string, body: object): Promise<Session> {
    const { status, body: answer } = await ask(gateway, 'POST', path, undefined, body)
    assert.ok(status < 300, `${path}: ${status} ${JSON.stringify(answer)}`)
    return sessionOf(answer)
  }

  return {
    ask,
    register: (name = `acc ${randomUUID()}`, deviceId = 'phone') =>
      enter(0, '/auth/register', { name, password, deviceId }),
    login: (name: string, deviceId: string, gateway = 0) => enter(gateway, '/auth/login', { name, password, deviceId }),
    guest: () => enter(0, '/auth/guest', { displayName: 'Visitor' }),
    refresh: (refreshToken: string, gateway = 0) => ask(gateway, 'POST', '/auth/refresh', undefined, { refreshToken }),
    /** The name of what a request with this token is refused with; undefined: it is taken. */
    async refusalOf(gateway: number, token: string): Promise<string | undefined> {
      return codeOf(await ask(gateway, 'GET', '/users/me', token))
    },
  }
}

export const password = 'a password of accounts'

export function codeOf({ body }: Answer): string | undefined {
  return (body as { error?: { code: string } } | undefined)?.error?.code
}

export function sessionOf(body: unknown): Session {
  const { user, ...session } = body as Session & { user: { id: string; name: string } }
  return { ...session, userId: user.id, name: user.name }
}
