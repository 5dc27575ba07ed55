import { randomUUID } from 'node:crypto'
import type { Schema } from './bad-values.ts'
import type { Rest } from './rest.ts'
import { tooLargeId, unknownId, type Stage } from './stage.ts'

/** A good request, from which the bad ones are made. Ann sends it, unless it says who. */
export interface GoodRequest {
  readonly token?: string
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, unknown>>
  readonly status: number
  /** Good requests that a field alone makes bad, because of what it names. */
  readonly refused?: readonly Refused[]
}

export interface Refused {
  readonly what: string
  /** Instead of those of the good request. */
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, unknown>>
  readonly status: number
  readonly code: string
}

/** By method and path as in /openapi.json; a route that is not here fails the test. */
export function goodRequests(stage: Stage): Readonly<Record<string, GoodRequest>> {
  const { ann, bob, carol, dave, eve, frank, own, led, joined, foreign, password, deviceId } = stage
  /** Refusals of commands are remembered under their ids, so each request has its own. */
  const command = () => ({ commandId: randomUUID() })
  /** With a body, or else with the command id in the query. */
  const inLed = (conversationId: string, body?: object, more: object = {}): GoodRequest => ({
    params: { conversationId, ...more },
    ...(body === undefined ? { query: command() } : { body: { ...command(), ...body } }),
    status: 200,
  })
  const ofCarol = (body?: object) => inLed(led.changed, body, { userId: carol.id })
  const message = { clientMessageId: randomUUID(), type: 'text', body: { text: 'hi' } }
  const unknownUser = { status: 404, code: 'USER_NOT_FOUND' }
  const unauthenticated = { status: 401, code: 'UNAUTHENTICATED' }
  const forbidden = { status: 403, code: 'FORBIDDEN' }
  /** What is told to a task reaches one that is open, or nobody: these are not there. */
  const noFanout = { params: { taskId: `fanout/${unknownId}` }, status: 404 }
  const noLetter = { params: { taskId: `dlq/poison/gochat.upstream/0/${unknownId}/-1` }, status: 404 }
  const wrongKind = {
    what: 'a task that does not understand it',
    params: noFanout.params,
    status: 400,
    code: 'INVALID_ARGUMENT',
  }
  return {
    'GET /limits': { status: 200 },
    'POST /auth/register': {
      body: { name: `${ann.name} too`, password, displayName: 'Ann', deviceId: 'd-1', deviceName: 'Phone' },
      status: 201,
      refused: [
        { what: 'a name that is taken', body: { name: ann.name }, status: 409, code: 'USERNAME_TAKEN' },
        { what: 'a name of guests', body: { name: 'guest-1' }, status: 409, code: 'USERNAME_TAKEN' },
        { what: 'a short password', body: { password: '1234567' }, status: 400, code: 'INVALID_ARGUMENT' },
      ],
    },
    'POST /auth/login': {
      body: { name: ann.name, password, deviceId: 'd-1', deviceName: 'Phone' },
      status: 200,
      refused: [
        { what: 'a wrong password', body: { password: `${password}!` }, status: 401, code: 'UNAUTHENTICATED' },
        { what: 'an unknown name', body: { name: `nobody ${ann.name}` }, status: 401, code: 'UNAUTHENTICATED' },
        { what: 'a name in other case', body: { name: ann.name.toUpperCase() }, status: 401, code: 'UNAUTHENTICATED' },
        { what: 'a trailing space', body: { name: `${ann.name} ` }, status: 401, code: 'UNAUTHENTICATED' },
        { what: 'a pattern of SQL', body: { name: `ann%` }, status: 401, code: 'UNAUTHENTICATED' },
      ],
    },
    'POST /auth/guest': { body: { displayName: 'Visitor', deviceId: 'd-1', deviceName: 'Phone' }, status: 201 },
    'POST /auth/refresh': {
      body: { refreshToken: dave.refreshToken },
      status: 200,
      refused: [
        { what: 'a token of nobody', body: { refreshToken: madeUpRefreshToken(unknownId) }, ...unauthenticated },
        {
          what: 'a made-up token of a session',
          body: { refreshToken: madeUpRefreshToken(dave.refreshToken) },
          ...unauthenticated,
        },
        { what: 'an access token', body: { refreshToken: 'a.b.c' }, ...unauthenticated },
      ],
    },
    'POST /auth/logout': { token: eve.token, status: 204 },
    'POST /auth/password': {
      token: dave.token,
      body: { oldPassword: password, newPassword: `${password} too` },
      status: 204,
      refused: [
        { what: 'a wrong old password', body: { oldPassword: `${password}!` }, ...forbidden },
        { what: 'a short new password', body: { newPassword: '1234567' }, status: 400, code: 'INVALID_ARGUMENT' },
      ],
    },
    'GET /devices': { status: 200 },
    'PATCH /devices/{deviceId}': {
      params: { deviceId },
      body: { name: 'Phone' },
      status: 200,
      refused: [{ what: 'an unknown device', params: { deviceId: 'unknown' }, status: 404, code: 'NOT_FOUND' }],
    },
    'DELETE /devices/{deviceId}': {
      params: { deviceId },
      status: 204,
      refused: [{ what: 'an unknown device', params: { deviceId: 'unknown' }, status: 404, code: 'NOT_FOUND' }],
    },
    'POST /ws-tickets': { status: 201 },
    'GET /users/me': { status: 200 },
    'PATCH /users/me': { body: { displayName: 'Ann B.' }, status: 200 },
    'GET /users': { query: { name: bob.name }, status: 200 },
    'GET /users/{userId}': {
      params: { userId: bob.id },
      status: 200,
      refused: [
        { what: 'an unknown user', params: { userId: unknownId }, ...unknownUser },
        { what: 'a conversation', params: { userId: own }, ...unknownUser },
      ],
    },
    'GET /conversations': {
      query: { limit: '20' },
      status: 200,
      refused: [{ what: 'a cursor of nobody', query: { cursor: 'abc' }, status: 400, code: 'INVALID_ARGUMENT' }],
    },
    'POST /conversations/direct': {
      body: { ...command(), userId: bob.id },
      status: 201,
      refused: [
        { what: 'an unknown user', body: { userId: unknownId }, ...unknownUser },
        { what: 'a conversation', body: { userId: foreign.group }, ...unknownUser },
        { what: 'oneself', body: { userId: ann.id }, status: 400, code: 'INVALID_ARGUMENT' },
      ],
    },
    'GET /conversations/{conversationId}/messages': {
      params: { conversationId: own },
      query: { afterSeq: '1', upToSeq: '3', limit: '10' },
      status: 200,
    },
    'POST /conversations/{conversationId}/messages': { params: { conversationId: own }, body: message, status: 201 },
    'POST /conversations/{conversationId}/read': { params: { conversationId: own }, body: { seq: 2 }, status: 204 },
    'POST /groups': {
      body: { ...command(), name: 'team', memberIds: [bob.id] },
      status: 201,
      refused: [
        { what: 'an unknown member', body: { memberIds: [bob.id, unknownId] }, ...unknownUser },
        { what: 'a conversation as a member', body: { memberIds: [own] }, ...unknownUser },
      ],
    },
    'GET /groups/{conversationId}': { params: { conversationId: own }, status: 200 },
    'GET /groups/{conversationId}/members': {
      params: { conversationId: own },
      query: { limit: '5', afterUserId: '1' },
      status: 200,
    },
    'POST /groups/{conversationId}/members': {
      params: { conversationId: own },
      body: { ...command(), userIds: [bob.id] },
      status: 200,
      refused: [
        { what: 'an unknown user', body: { ...command(), userIds: [bob.id, unknownId] }, ...unknownUser },
        { what: 'a conversation as a user', body: { ...command(), userIds: [foreign.group] }, ...unknownUser },
        { what: 'a member who is no admin', params: { conversationId: joined }, body: command(), ...forbidden },
      ],
    },
    'DELETE /groups/{conversationId}/members/{userId}': {
      params: { conversationId: own, userId: carol.id },
      query: command(),
      status: 200,
      refused: [
        { what: 'oneself, the owner', params: { userId: ann.id }, query: command(), ...forbidden },
        {
          what: 'a member who is no admin',
          params: { conversationId: joined, userId: bob.id },
          query: command(),
          ...forbidden,
        },
      ],
    },
    'POST /groups/{conversationId}/leave': {
      params: { conversationId: joined },
      body: command(),
      status: 200,
      refused: [{ what: 'the owner', params: { conversationId: own }, body: command(), ...forbidden }],
    },
    'POST /groups/{conversationId}/transfer': {
      ...inLed(led.given, { userId: carol.id }),
      refused: [
        { what: 'oneself', body: { ...command(), userId: ann.id }, ...forbidden },
        { what: 'an unknown user', body: { ...command(), userId: unknownId }, ...unknownUser },
        { what: 'a user who is not in', body: { ...command(), userId: bob.id }, ...unknownUser },
      ],
    },
    'PUT /groups/{conversationId}/name': inLed(led.changed, { name: 'crew' }),
    'PUT /groups/{conversationId}/announcement': inLed(led.changed, { text: 'Tea\nat five' }),
    'DELETE /groups/{conversationId}/announcement': inLed(led.changed),
    'PUT /groups/{conversationId}/join-mode': inLed(led.changed, { joinMode: 'approval' }),
    'PUT /groups/{conversationId}/mute': inLed(led.changed, {}),
    'DELETE /groups/{conversationId}/mute': inLed(led.changed),
    'PUT /groups/{conversationId}/members/{userId}/role': ofCarol({ role: 'admin' }),
    'PUT /groups/{conversationId}/members/{userId}/mute': ofCarol({ until: 1_900_000_000_000 }),
    'DELETE /groups/{conversationId}/members/{userId}/mute': ofCarol(),
    'POST /groups/{conversationId}/join': inLed(led.changed, {}),
    'DELETE /groups/{conversationId}/join': inLed(led.changed),
    'GET /groups/{conversationId}/join-requests': {
      params: { conversationId: led.changed },
      query: { limit: '5', afterUserId: '1' },
      status: 200,
    },
    'POST /groups/{conversationId}/join-requests/{userId}/approve': ofCarol({}),
    'POST /groups/{conversationId}/join-requests/{userId}/reject': { ...ofCarol({}), status: 404 },
    'POST /groups/{conversationId}/dissolve': inLed(led.ended, {}),
    'POST /sync': {
      body: { have: { [own]: 4 }, afterId: '1' },
      status: 200,
      refused: [
        { what: 'more than 64 bits', body: { have: { [tooLargeId]: 1 } }, status: 400, code: 'INVALID_ARGUMENT' },
      ],
    },
    'POST /admin/users/{userId}/suspend': {
      params: { userId: frank.id },
      status: 204,
      refused: [
        { what: 'an unknown user', params: { userId: unknownId }, ...unknownUser },
        { what: 'a conversation', params: { userId: own }, ...unknownUser },
        { what: 'oneself', params: { userId: ann.id }, ...forbidden },
      ],
    },
    'POST /admin/users/{userId}/restore': {
      params: { userId: frank.id },
      status: 204,
      refused: [{ what: 'an unknown user', params: { userId: unknownId }, ...unknownUser }],
    },
    'GET /admin/tasks': {
      query: { kind: 'groupFanout', state: 'running', conversationId: own, hasClosed: 'true', limit: '20' },
      status: 200,
      refused: [
        { what: 'an unknown kind', query: { kind: 'nonsense' }, status: 400, code: 'INVALID_ARGUMENT' },
        { what: 'an unknown state', query: { state: 'nonsense' }, status: 400, code: 'INVALID_ARGUMENT' },
        { what: 'a cursor of nobody', query: { cursor: 'abc' }, status: 400, code: 'INVALID_ARGUMENT' },
      ],
    },
    'GET /admin/tasks/{taskId}': noFanout,
    'POST /admin/tasks/{taskId}/pause': { ...noFanout, body: { reason: 'a look' } },
    'POST /admin/tasks/{taskId}/resume': noFanout,
    'POST /admin/tasks/{taskId}/skip': { ...noFanout, body: { fromSeq: 2, toSeq: 5 } },
    'POST /admin/tasks/{taskId}/redrive': { ...noLetter, refused: [wrongKind] },
    'POST /admin/tasks/{taskId}/discard': { ...noLetter, body: { reason: 'seen' }, refused: [wrongKind] },
    'POST /admin/redrives': {
      body: { query: 'ImErrorType="of no letter"', perSecond: 5, jobId: randomUUID() },
      status: 202,
      refused: [
        { what: 'a query that is none', body: { query: 'ImErrorType=' }, status: 400, code: 'INVALID_ARGUMENT' },
        { what: 'a query that breaks out', body: { query: 'a=1) OR (b=2' }, status: 400, code: 'INVALID_ARGUMENT' },
      ],
    },
  }
}

/** Of the form of a refresh token, and of this session, but with halves that nobody was given. */
function madeUpRefreshToken(sessionId: string): string {
  return `${sessionId.split('.')[0]}.${'x'.repeat(43)}.${'y'.repeat(43)}`
}

export interface Operation {
  /** As in goodRequests. */
  readonly key: string
  readonly method: string
  readonly path: string
  readonly isProtected: boolean
  readonly query: readonly Parameter[]
  readonly params: readonly Parameter[]
  readonly body: Schema | undefined
}

interface Parameter {
  readonly name: string
  readonly required: boolean
  readonly schema: Schema
}

/** What the gateway says that it serves. */
export async function readOperations(rest: Rest): Promise<Operation[]> {
  const { body } = await rest.ask({ method: 'GET', path: '/openapi.json' })
  const { paths } = body as { paths: Record<string, Record<string, ApiOperation>> }
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { security = [], parameters = [], requestBody }]) => ({
      key: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      isProtected: security.length > 0,
      query: parameters.filter((found) => found.in === 'query'),
      params: parameters.filter((found) => found.in === 'path'),
      body: requestBody?.content['application/json'].schema,
    })),
  )
}

interface ApiOperation {
  readonly security?: readonly object[]
  readonly parameters?: readonly (Parameter & { readonly in: string })[]
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } }
}

export function urlOf({ path }: Pick<Operation, 'path'>, good: Pick<GoodRequest, 'params' | 'query'>): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(good.params?.[name] ?? ''))
  const query = Object.entries(good.query ?? {}).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  return query.length === 0 ? filled : `${filled}?${query.join('&')}`
}
