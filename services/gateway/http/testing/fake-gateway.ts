import assert from 'node:assert/strict'
import { create } from '@bufbuild/protobuf'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse, RouteOptions } from 'fastify'
import { AppError, type ErrorCode } from '#infra/errors/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import { connectInMemory } from '#infra/rpc/index.ts'
import { silentLogger, testMetrics } from '#infra/testing/index.ts'
import { ConversationKind, EntrySchema, JoinMode, Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { AudienceService } from '#proto/gen/gochat/conversation/v1/audience_service_pb.ts'
import { ConversationService } from '#proto/gen/gochat/conversation/v1/conversation_service_pb.ts'
import { GroupService } from '#proto/gen/gochat/conversation/v1/group_service_pb.ts'
import { MessageService } from '#proto/gen/gochat/message/v1/message_service_pb.ts'
import { TaskService } from '#proto/gen/gochat/task/v1/task_service_pb.ts'
import { AuthService } from '#proto/gen/gochat/user/v1/auth_service_pb.ts'
import { SessionService } from '#proto/gen/gochat/user/v1/session_service_pb.ts'
import { UserService } from '#proto/gen/gochat/user/v1/user_service_pb.ts'
import type { CommandResult, HttpDeps, Identity, NewCommand } from '../../ports.ts'
import { defaultLiveSettings } from '#delivery/live-settings.ts'
import { createRates } from '../../rates.ts'
import { createAnswerCheck, type OpenApi } from '../../testing/contract/answers.ts'
import { createHttpApp, registerHttp } from '../index.ts'

export const ann: Identity = {
  userId: '7000000000000000001',
  deviceId: 'phone-1',
  sessionId: '7200000000000000001',
  isAdmin: false,
  isGuest: false,
  expiresAtMs: Date.UTC(2100, 0, 1),
}
const revokedSessionId = '7200000000000000666'
export const bobId = '7000000000000000002'
export const conversationId = '7100000000000000001'
/** A conversation that the fake logic answers CONVERSATION_NOT_FOUND for. */
export const foreignId = '7100000000000000666'

const body = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
const user = { id: ann.userId, name: 'ann', displayName: 'Ann', createdAtMs: 1000, isGuest: false }
const conversation = {
  id: conversationId,
  kind: ConversationKind.GROUP as ConversationKind,
  name: 'team',
  lastSeq: 9,
  memberCount: 2,
  createdAtMs: 1000,
  joinMode: JoinMode.APPROVAL,
  isMutedAll: false,
  dissolvedSeq: 0,
  announcement: 'Tea at five',
}
const member = {
  userId: ann.userId,
  role: Role.OWNER,
  isActive: true,
  joinSeq: 0,
  leaveSeq: 0,
  readSeq: 4,
  mutedUntilMs: 0,
}
const entry = {
  conversationId,
  seq: 9,
  type: 'text',
  senderId: bobId,
  clientMessageId: 'm-9',
  body: body({ text: 'hi' }),
  createdAtMs: 2000,
}
const session = {
  user,
  accessToken: 'the-token',
  expiresAtMs: 5000,
  refreshToken: 'the-refresh-token',
  refreshExpiresAtMs: 9000,
  deviceId: 'phone-1',
}
const device = { id: 'phone-1', name: 'Phone', sessionId: ann.sessionId, createdAtMs: 1000, lastSeenAtMs: 2000 }

const task = {
  id: `fanout/${conversationId}`,
  runId: 'run-1',
  kind: 'groupFanout',
  state: 'running',
  isOpen: true,
  conversationId,
  errorType: '',
  startedAtMs: 1000,
  closedAtMs: 0,
  parkedAtMs: 0,
}

/** What the fake logic, and the fake service of tasks, say; a test replaces single answers. */
export const answers = {
  register: session,
  login: session,
  enterAsGuest: { ...session, user: { ...user, isGuest: true } },
  refresh: session,
  listDevices: { devices: [device, { ...device, id: 'laptop', sessionId: '1' }] },
  nameDevice: { device },
  getProfile: { user },
  findProfile: { user },
  changeProfile: { user },
  openDirect: { conversation: { ...conversation, kind: ConversationKind.DIRECT, name: '' }, created: true },
  listMine: {
    conversations: [{ conversation, member, lastEntry: entry, unread: 5, peerId: '' }],
    nextCursor: 'next',
  },
  openGroup: { conversation, created: true },
  getGroup: { conversation, member },
  getMembers: { members: [member], hasMore: true },
  getJoinRequests: {
    requests: [{ userId: bobId, isPending: true, keptAnswers: 1, askedAtMs: 2000 }],
    hasMore: true,
  },
  getHistory: { entries: [create(EntrySchema, entry)], lastSeq: 9 },
  getHeads: {
    heads: [{ conversationId, lastSeq: 9, joinSeq: 0, leaveSeq: 0, readSeq: 4, unread: 5 }],
    hasMore: true,
    nextAfterId: conversationId,
  },
  listTasks: { tasks: [task], nextCursor: 'next' },
  showTask: {
    task,
    progressJson: '{"settledSeq":7}',
    pendingActivities: [{ name: 'settle', attempt: 2, lastFailure: 'no', heartbeatJson: '{"page":3}' }],
    historyEvents: 12,
  },
  redriveMany: { id: 'redrive/job-1' },
}
type Answers = typeof answers

export interface FakeOptions {
  readonly answers?: { readonly [Name in keyof Answers]?: Partial<Answers[Name]> }
  readonly result?: CommandResult | Error
  readonly failWith?: Error
  readonly profile?: 'standard' | 'loopback'
  readonly log?: Logger
  readonly ackTimeoutMs?: number
  /** Called with the app before REST is put on it. */
  readonly before?: (app: FastifyInstance) => void
}

export interface Call {
  readonly name: string
  readonly request: Record<string, unknown>
}

export interface FakeGateway extends AsyncDisposable {
  readonly app: FastifyInstance
  readonly deps: HttpDeps
  readonly routes: readonly RouteOptions[]
  /** What reached logic, over RPC or as a command. */
  readonly calls: Call[]
  readonly inject: (request: InjectOptions) => Promise<LightMyRequestResponse>
  /** With a good bearer token; under /admin that of an admin. */
  readonly injectAsAnn: (request: InjectOptions) => Promise<LightMyRequestResponse>
}

/** The whole REST edge in one process, on a logic and a message path that only write down what reaches them. */
export async function createFakeGateway(options: FakeOptions = {}): Promise<FakeGateway> {
  const { log = silentLogger(), profile = 'loopback' } = options
  const startedAtMs = Date.now()
  const calls: Call[] = []
  const routes: RouteOptions[] = []
  const deps: HttpDeps = {
    config: { GOCHAT_ACK_TIMEOUT_MS: options.ackTimeoutMs ?? 10_000 },
    isOriginAllowed: (origin) => origin === 'https://chat.example.com',
    ...fakeServices(calls, options),
    requests: { submit: async (command) => submit(command, calls, options) },
    accessTokens: { verify: async (token) => verify(token) },
    sessions: {
      async require({ sessionId }) {
        if (sessionId === revokedSessionId) throw new AppError('SESSION_REVOKED')
      },
    },
    tickets: {
      issue: async () => ({ ticket: 'the-ticket', expiresAtMs: 3000 }),
      redeem: async () => undefined,
    },
    // Time stands still: how many requests a slow machine makes in a second decides no test.
    rates: createRates({ profile, now: () => startedAtMs }),
    live: { current: defaultLiveSettings },
    log,
    metrics: testMetrics(),
  }
  const app = createHttpApp({ log })
  app.addHook('onRoute', (route) => void routes.push(route))
  const scopes: FastifyInstance[] = []
  app.addHook('onRegister', (scope) => void scopes.push(scope))
  options.before?.(app)
  await registerHttp(app, deps)
  await app.ready()
  const problemOf = createAnswerCheck(documentOf(scopes))
  const inject = async (request: InjectOptions) => {
    const response = await app.inject(request)
    const { method = 'GET', url } = request
    const path = url as string
    const contentType = response.headers['content-type'] as string | undefined
    const problem = problemOf({ method, path, status: response.statusCode, contentType, text: response.body })
    assert.equal(problem, undefined, `${method} ${path} ${response.statusCode}`)
    return response
  }
  const injectAsAnn = (request: InjectOptions) =>
    inject({ ...request, headers: { authorization: `Bearer ${tokenFor(request)}`, ...request.headers } })
  return { app, deps, routes, calls, inject, injectAsAnn, [Symbol.asyncDispose]: () => app.close() }
}

/** As GET /openapi.json would give it, without a request that a test would count. */
function documentOf(scopes: readonly FastifyInstance[]): OpenApi {
  const documented = scopes.find((scope) => 'swagger' in scope)
  assert.ok(documented)
  return documented.swagger() as unknown as OpenApi
}

function verify(token: string): Identity {
  if (token === 'good' || token === 'admin') return { ...ann, isAdmin: token === 'admin' }
  if (token === 'guest') return { ...ann, isGuest: true }
  if (token === 'revoked') return { ...ann, sessionId: revokedSessionId }
  throw new AppError(token === 'expired' ? 'TOKEN_EXPIRED' : 'UNAUTHENTICATED')
}

function tokenFor({ url }: InjectOptions): string {
  return typeof url === 'string' && url.startsWith('/admin') ? 'admin' : 'good'
}

function submit(command: NewCommand, calls: Call[], options: FakeOptions) {
  calls.push({ name: 'submit', request: { ...command } })
  if (options.result instanceof Error) throw options.result
  const error = (code: ErrorCode) => ({ error: { code, message: 'no', retryable: false } })
  const stored: CommandResult = options.result ?? { seq: 10, createdAt: 3000, outcome: 'applied' }
  const result = command.conversationId === foreignId ? error('CONVERSATION_NOT_FOUND') : stored
  return { t: 'ack' as const, id: '1', conversationId: command.conversationId, results: [result] }
}

function fakeServices(calls: Call[], options: FakeOptions): Pick<HttpDeps, 'clients' | 'history' | 'tasks'> {
  function handler<Name extends keyof Answers>(name: Name) {
    return async (request: object): Promise<Answers[Name]> => {
      calls.push({ name, request: { ...request } })
      if (options.failWith !== undefined) throw options.failWith
      if ('conversationId' in request && request.conversationId === foreignId) {
        throw new AppError('CONVERSATION_NOT_FOUND')
      }
      return { ...answers[name], ...options.answers?.[name] }
    }
  }
  const told = (name: string) => async (request: object) => {
    calls.push({ name, request: { ...request } })
    if (options.failWith !== undefined) throw options.failWith
    return {}
  }
  const unexpected = async () => {
    throw new AppError('INTERNAL')
  }
  const clients = {
    auth: connectInMemory(AuthService, {
      register: handler('register'),
      login: handler('login'),
      enterAsGuest: handler('enterAsGuest'),
      refresh: handler('refresh'),
      logout: told('logout'),
      changePassword: told('changePassword'),
    }),
    session: connectInMemory(SessionService, {
      checkSessions: unexpected,
      listDevices: handler('listDevices'),
      nameDevice: handler('nameDevice'),
      revokeDevice: told('revokeDevice'),
      suspendUser: told('suspendUser'),
      restoreUser: told('restoreUser'),
    }),
    user: connectInMemory(UserService, {
      getProfile: handler('getProfile'),
      findProfile: handler('findProfile'),
      changeProfile: handler('changeProfile'),
    }),
    conversation: connectInMemory(ConversationService, {
      openDirect: handler('openDirect'),
      listMine: handler('listMine'),
    }),
    message: connectInMemory(MessageService, { getPages: unexpected, getHeads: handler('getHeads') }),
    group: connectInMemory(GroupService, {
      openGroup: handler('openGroup'),
      getGroup: handler('getGroup'),
      getMembers: handler('getMembers'),
      getJoinRequests: handler('getJoinRequests'),
    }),
    audience: connectInMemory(AudienceService, { findLargePlaces: unexpected, refreshAudience: unexpected }),
  }
  const tasks = connectInMemory(TaskService, {
    listTasks: handler('listTasks'),
    showTask: handler('showTask'),
    redriveMany: handler('redriveMany'),
    pauseTask: told('pauseTask'),
    resumeTask: told('resumeTask'),
    skipEntries: told('skipEntries'),
    redriveTask: told('redriveTask'),
    discardTask: told('discardTask'),
    pokeFanout: unexpected,
  })
  return { clients, history: { page: handler('getHistory') }, tasks }
}
