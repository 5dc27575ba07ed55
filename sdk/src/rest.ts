import type { JoinMode, PageFrame } from '../../proto/frames/index.ts'
import type { Conversation, Device, Group, Outcome, Session, User } from '../../proto/rest/index.ts'
import { ChatError } from './errors.ts'

/** What becomes of a group; each is one command, and one entry. */
export interface GroupChanges {
  readonly name: string
  /** Undefined takes it away. */
  readonly announcement: string | undefined
  readonly joinMode: JoinMode
  readonly isMuted: boolean
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
  register(name: string, password: string, deviceId?: string): Promise<Session>
  login(name: string, password: string, deviceId?: string): Promise<Session>
  /** Logs in, or registers a name that nobody has. */
  enter(name: string, password: string, deviceId?: string): Promise<Session>
  /** An account without a name and a password: its refresh token is all that leads back to it. */
  guest(displayName?: string, deviceId?: string): Promise<Session>
  /** The token is exchanged: repeating it soon gives the same answer, using it later ends the session. */
  refresh(refreshToken: string): Promise<Session>
  logout(token: string): Promise<void>
  /** Ends all other sessions. */
  changePassword(token: string, oldPassword: string, newPassword: string): Promise<void>
  devices(token: string): Promise<Device[]>
  nameDevice(token: string, deviceId: string, name: string): Promise<Device>
  /** Logs the device out. */
  revokeDevice(token: string, deviceId: string): Promise<void>
  userName(token: string, userId: string): Promise<string>
  openDirect(token: string, commandId: string, userId: string): Promise<Conversation>
  openGroup(token: string, commandId: string, name: string, memberIds: readonly string[]): Promise<Conversation>
  addMembers(token: string, conversationId: string, commandId: string, userIds: readonly string[]): Promise<Outcome>
  removeMember(token: string, conversationId: string, commandId: string, userId: string): Promise<Outcome>
  leaveGroup(token: string, conversationId: string, commandId: string): Promise<Outcome>
  group(token: string, conversationId: string): Promise<Group>
  /** Exactly one change. */
  changeGroup<Name extends keyof GroupChanges>(
    token: string,
    conversationId: string,
    commandId: string,
    name: Name,
    value: GroupChanges[Name],
  ): Promise<Outcome>
  setRole(
    token: string,
    conversationId: string,
    commandId: string,
    userId: string,
    role: 'member' | 'admin',
  ): Promise<Outcome>
  /** Until a time in milliseconds since 1970; undefined lifts it. */
  muteMember(
    token: string,
    conversationId: string,
    commandId: string,
    userId: string,
    until: number | undefined,
  ): Promise<Outcome>
  transferGroup(token: string, conversationId: string, commandId: string, userId: string): Promise<Outcome>
  dissolveGroup(token: string, conversationId: string, commandId: string): Promise<Outcome>
  joinGroup(token: string, conversationId: string, commandId: string): Promise<Outcome>
  withdrawJoin(token: string, conversationId: string, commandId: string): Promise<Outcome>
  joinRequests(
    token: string,
    conversationId: string,
    afterUserId?: string,
  ): Promise<{ requests: { userId: string; askedAt: number }[]; nextAfterUserId?: string }>
  decideJoin(
    token: string,
    conversationId: string,
    commandId: string,
    userId: string,
    decision: 'approve' | 'reject',
  ): Promise<Outcome>
  history(
    token: string,
    conversationId: string,
    afterSeq: number,
    limit?: number,
  ): Promise<Pick<PageFrame, 'entries' | 'lastSeq'>>
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
    guest: (displayName, deviceId) => post('/auth/guest', { displayName, deviceId }),
    refresh: (refreshToken) => post('/auth/refresh', { refreshToken }),
    logout: (token) => call('/auth/logout', { method: 'POST' }, token),
    changePassword: (token, oldPassword, newPassword) => post('/auth/password', { oldPassword, newPassword }, token),
    devices: async (token) => (await get<{ devices: Device[] }>('/devices', token)).devices,
    nameDevice: (token, deviceId, name) =>
      call(devicePath(deviceId), { method: 'PATCH', body: JSON.stringify({ name }) }, token),
    revokeDevice: (token, deviceId) => call(devicePath(deviceId), { method: 'DELETE' }, token),
    userName: async (token, userId) => (await get<User>(`/users/${userId}`, token)).name,
    openDirect: (token, commandId, userId) => post('/conversations/direct', { commandId, userId }, token),
    openGroup: (token, commandId, name, memberIds) => post('/groups', { commandId, name, memberIds }, token),
    addMembers: (token, id, commandId, userIds) => post(`/groups/${id}/members`, { commandId, userIds }, token),
    removeMember: (token, id, commandId, userId) => remove(`/groups/${id}/members/${userId}`, commandId, token),
    leaveGroup: (token, id, commandId) => post(`/groups/${id}/leave`, { commandId }, token),
    group: (token, id) => get(`/groups/${id}`, token),
    changeGroup(token, id, commandId, name, value) {
      if (name === 'isMuted') {
        return value === true
          ? put(`/groups/${id}/mute`, { commandId }, token)
          : remove(`/groups/${id}/mute`, commandId, token)
      }
      if (name === 'announcement') {
        const path = `/groups/${id}/announcement`
        return value === undefined ? remove(path, commandId, token) : put(path, { commandId, text: value }, token)
      }
      const path = name === 'joinMode' ? 'join-mode' : 'name'
      return put(`/groups/${id}/${path}`, { commandId, [name]: value }, token)
    },
    setRole: (token, id, commandId, userId, role) =>
      put(`/groups/${id}/members/${userId}/role`, { commandId, role }, token),
    muteMember(token, id, commandId, userId, until) {
      const path = `/groups/${id}/members/${userId}/mute`
      return until === undefined ? remove(path, commandId, token) : put(path, { commandId, until }, token)
    },
    transferGroup: (token, id, commandId, userId) => post(`/groups/${id}/transfer`, { commandId, userId }, token),
    dissolveGroup: (token, id, commandId) => post(`/groups/${id}/dissolve`, { commandId }, token),
    joinGroup: (token, id, commandId) => post(`/groups/${id}/join`, { commandId }, token),
    withdrawJoin: (token, id, commandId) => remove(`/groups/${id}/join`, commandId, token),
    joinRequests: (token, id, afterUserId) =>
      get(`/groups/${id}/join-requests${afterUserId === undefined ? '' : `?afterUserId=${afterUserId}`}`, token),
    decideJoin: (token, id, commandId, userId, decision) =>
      post(`/groups/${id}/join-requests/${userId}/${decision}`, { commandId }, token),
    history: (token, id, afterSeq, limit = 100) =>
      get(`/conversations/${id}/messages?afterSeq=${afterSeq}&limit=${limit}`, token),
  }
  return rest

  function post<T>(path: string, body: object, token?: string): Promise<T> {
    return call(path, { method: 'POST', body: JSON.stringify(body) }, token)
  }

  function put<T>(path: string, body: object, token: string): Promise<T> {
    return call(path, { method: 'PUT', body: JSON.stringify(body) }, token)
  }

  function remove<T>(path: string, commandId: string, token: string): Promise<T> {
    return call(`${path}?commandId=${encodeURIComponent(commandId)}`, { method: 'DELETE' }, token)
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
    if (response.status === 204) return undefined
    const answer = (await response.json()) as { error?: ConstructorParameters<typeof ChatError>[0] }
    if (answer.error !== undefined) throw new ChatError(answer.error)
    return answer
  }
}

function devicePath(deviceId: string): string {
  return `/devices/${encodeURIComponent(deviceId)}`
}

function unreachable(cause: unknown): ChatError {
  return new ChatError({
    code: 'UNAVAILABLE',
    message: `The server cannot be reached: ${String(cause)}`,
    retryable: true,
  })
}
