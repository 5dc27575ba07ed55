import type { Entry } from '../../proto/frames/index.ts'
import { ChatError } from './errors.ts'

/** What `register` and `login` give: who one is, and the token to say so with, here and in `createClient`. */
export interface Login {
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string }
  readonly accessToken: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

export interface Conversation {
  readonly id: string
  readonly kind: 'direct' | 'group'
  readonly name?: string
  readonly lastSeq: number
}

/** What became of a membership command. `noop`: it was so already. */
export interface CommandResult {
  readonly outcome: 'applied' | 'noop'
  readonly seq?: number
}

export interface RestOptions {
  /** Of a gateway; with several, a retry goes to the next. */
  readonly baseUrl: string | readonly string[]
  /** Default 3. Only retryable errors and broken connections are tried again, under the same id, after growing pauses. */
  readonly maxAttempts?: number
  /** Default 15 000 ms, for one attempt. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface Rest {
  register(name: string, password: string, deviceId?: string): Promise<Login>
  login(name: string, password: string, deviceId?: string): Promise<Login>
  /** Logs in, or registers a name that nobody has. */
  enter(name: string, password: string, deviceId?: string): Promise<Login>
  userName(token: string, userId: string): Promise<string>
  openDirect(token: string, commandId: string, userId: string): Promise<Conversation>
  openGroup(token: string, commandId: string, name: string, memberIds: readonly string[]): Promise<Conversation>
  addMembers(
    token: string,
    conversationId: string,
    commandId: string,
    userIds: readonly string[],
  ): Promise<CommandResult>
  removeMember(token: string, conversationId: string, commandId: string, userId: string): Promise<CommandResult>
  leaveGroup(token: string, conversationId: string, commandId: string): Promise<CommandResult>
  history(
    token: string,
    conversationId: string,
    afterSeq: number,
    limit?: number,
  ): Promise<{ entries: Entry[]; lastSeq: number }>
}

/**
 * The part of the REST API that a client needs beside its socket. Every call fails with a ChatError that carries the server's
 * name for what went wrong; a gateway that cannot be reached is UNAVAILABLE.
 */
export function createRest(options: RestOptions): Rest {
  const baseUrls = typeof options.baseUrl === 'string' ? [options.baseUrl] : options.baseUrl
  const maxAttempts = options.maxAttempts ?? 3
  const rest: Rest = {
    register: (name, password, deviceId) => post('/auth/register', { name, password, deviceId }),
    login: (name, password, deviceId) => post('/auth/login', { name, password, deviceId }),
    async enter(name, password, deviceId) {
      try {
        return await rest.register(name, password, deviceId)
      } catch (error) {
        if (error instanceof ChatError && error.code === 'USERNAME_TAKEN') return rest.login(name, password, deviceId)
        throw error
      }
    },
    userName: async (token, userId) => (await get<{ name: string }>(`/users/${userId}`, token)).name,
    openDirect: (token, commandId, userId) => post('/conversations/direct', { commandId, userId }, token),
    openGroup: (token, commandId, name, memberIds) => post('/groups', { commandId, name, memberIds }, token),
    addMembers: (token, id, commandId, userIds) => post(`/groups/${id}/members`, { commandId, userIds }, token),
    removeMember: (token, id, commandId, userId) =>
      call(`/groups/${id}/members/${userId}?commandId=${encodeURIComponent(commandId)}`, { method: 'DELETE' }, token),
    leaveGroup: (token, id, commandId) => post(`/groups/${id}/leave`, { commandId }, token),
    history: (token, id, afterSeq, limit = 100) =>
      get(`/conversations/${id}/messages?afterSeq=${afterSeq}&limit=${limit}`, token),
  }
  return rest

  function post<T>(path: string, body: object, token?: string): Promise<T> {
    return call(
      path,
      { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
      token,
    )
  }

  function get<T>(path: string, token: string): Promise<T> {
    return call(path, { method: 'GET' }, token)
  }

  async function call<T>(path: string, request: RequestInit, token?: string): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await callOnce(baseUrls[(attempt - 1) % baseUrls.length]!, path, request, token)) as T
      } catch (error) {
        options.signal?.throwIfAborted()
        const problem = error instanceof ChatError ? error : unreachable(error)
        if (!problem.retryable || attempt >= maxAttempts) throw problem
        const pauseMs = Math.max(problem.retryAfterMs ?? 0, Math.min(5000, 100 * 2 ** attempt))
        await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + Math.random())))
      }
    }
  }

  async function callOnce(baseUrl: string, path: string, request: RequestInit, token?: string): Promise<unknown> {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? 15_000)
    const response = await fetch(`${baseUrl}${path}`, {
      ...request,
      headers: {
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      signal: options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]),
    })
    const answer = (await response.json()) as { error?: ConstructorParameters<typeof ChatError>[0] }
    if (answer.error !== undefined) throw new ChatError(answer.error)
    return answer
  }
}

function unreachable(cause: unknown): ChatError {
  return new ChatError({
    code: 'UNAVAILABLE',
    message: `The server cannot be reached: ${String(cause)}`,
    retryable: true,
  })
}
