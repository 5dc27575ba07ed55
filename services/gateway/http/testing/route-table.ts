import { ann, bobId, conversationId, foreignId } from './fake-gateway.ts'

export interface RouteCase {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** As the route is registered. */
  readonly route: string
  /** A good request for it. */
  readonly url: string
  readonly payload?: Readonly<Record<string, unknown>>
  readonly status: number
  /** What reaches logic, and with what. */
  readonly call?: { readonly name: string; readonly request: Readonly<Record<string, unknown>> }
  /** The same request for a conversation that the caller may not see. */
  readonly foreignUrl?: string
}

const c = conversationId
const actorId = ann.userId
const command = (id: string, body: object) => ({ name: 'submit', request: { id, conversationId: c, actorId, body } })
const taskId = `fanout/${c}`
const taskUrl = `/admin/tasks/fanout%2F${c}`
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value))

/** One good request per route; what is wrong with others is made from these. */
export const routeTable: readonly RouteCase[] = [
  { method: 'GET', route: '/limits', url: '/limits', status: 200 },
  {
    method: 'POST',
    route: '/auth/register',
    url: '/auth/register',
    payload: { name: 'ann', password: 'correct horse', displayName: 'Ann', deviceId: 'phone-1' },
    status: 201,
    call: { name: 'register', request: { name: 'ann', displayName: 'Ann', deviceId: 'phone-1' } },
  },
  {
    method: 'POST',
    route: '/auth/login',
    url: '/auth/login',
    payload: { name: 'ann', password: 'correct horse', deviceId: 'phone-1' },
    status: 200,
    call: { name: 'login', request: { name: 'ann', deviceId: 'phone-1' } },
  },
  { method: 'POST', route: '/ws-tickets', url: '/ws-tickets', status: 201 },
  {
    method: 'GET',
    route: '/users/me',
    url: '/users/me',
    status: 200,
    call: { name: 'getProfile', request: { actorId, userId: actorId } },
  },
  {
    method: 'PATCH',
    route: '/users/me',
    url: '/users/me',
    payload: { displayName: 'Ann B.' },
    status: 200,
    call: { name: 'changeProfile', request: { actorId, displayName: 'Ann B.' } },
  },
  {
    method: 'GET',
    route: '/users',
    url: '/users?name=bob%20',
    status: 200,
    call: { name: 'findProfile', request: { actorId, name: 'bob ' } },
  },
  {
    method: 'GET',
    route: '/users/:userId',
    url: `/users/${bobId}`,
    status: 200,
    call: { name: 'getProfile', request: { actorId, userId: bobId } },
  },
  {
    method: 'GET',
    route: '/conversations',
    url: '/conversations?limit=20&cursor=abc',
    status: 200,
    call: { name: 'listMine', request: { actorId, limit: 20, cursor: 'abc' } },
  },
  {
    method: 'POST',
    route: '/conversations/direct',
    url: '/conversations/direct',
    payload: { commandId: 'c-1', userId: bobId },
    status: 201,
    call: { name: 'openDirect', request: { actorId, commandId: 'c-1', peerId: bobId } },
  },
  {
    method: 'GET',
    route: '/conversations/:conversationId/messages',
    url: `/conversations/${c}/messages?afterSeq=3&upToSeq=9&limit=10`,
    status: 200,
    call: { name: 'getHistory', request: { actorId, conversationId: c, afterSeq: 3, upToSeq: 9, limit: 10 } },
    foreignUrl: `/conversations/${foreignId}/messages`,
  },
  {
    method: 'POST',
    route: '/conversations/:conversationId/messages',
    url: `/conversations/${c}/messages`,
    payload: { clientMessageId: 'm-1', type: 'text', body: { text: 'hi' } },
    status: 201,
    call: command('m-1', { case: 'send', value: { type: 'text', body: bytes({ text: 'hi' }) } }),
    foreignUrl: `/conversations/${foreignId}/messages`,
  },
  {
    method: 'POST',
    route: '/conversations/:conversationId/read',
    url: `/conversations/${c}/read`,
    payload: { seq: 9 },
    status: 204,
    call: command('', { case: 'read', value: { seq: 9 } }),
    foreignUrl: `/conversations/${foreignId}/read`,
  },
  {
    method: 'POST',
    route: '/groups',
    url: '/groups',
    payload: { commandId: 'c-2', name: 'team', memberIds: [bobId] },
    status: 201,
    call: { name: 'openGroup', request: { actorId, commandId: 'c-2', name: 'team', memberIds: [bobId] } },
  },
  {
    method: 'GET',
    route: '/groups/:conversationId',
    url: `/groups/${c}`,
    status: 200,
    call: { name: 'getGroup', request: { actorId, conversationId: c } },
    foreignUrl: `/groups/${foreignId}`,
  },
  {
    method: 'GET',
    route: '/groups/:conversationId/members',
    url: `/groups/${c}/members?limit=2&afterUserId=${bobId}`,
    status: 200,
    call: { name: 'getMembers', request: { actorId, conversationId: c, limit: 2, afterUserId: bobId } },
    foreignUrl: `/groups/${foreignId}/members`,
  },
  {
    method: 'POST',
    route: '/groups/:conversationId/members',
    url: `/groups/${c}/members`,
    payload: { commandId: 'c-3', userIds: [bobId] },
    status: 200,
    call: command('c-3', { case: 'add', value: { userIds: [bobId] } }),
    foreignUrl: `/groups/${foreignId}/members`,
  },
  {
    method: 'DELETE',
    route: '/groups/:conversationId/members/:userId',
    url: `/groups/${c}/members/${bobId}?commandId=c-4`,
    status: 200,
    call: command('c-4', { case: 'remove', value: { userIds: [bobId] } }),
    foreignUrl: `/groups/${foreignId}/members/${bobId}?commandId=c-4`,
  },
  {
    method: 'POST',
    route: '/groups/:conversationId/leave',
    url: `/groups/${c}/leave`,
    payload: { commandId: 'c-5' },
    status: 200,
    call: command('c-5', { case: 'leave', value: {} }),
    foreignUrl: `/groups/${foreignId}/leave`,
  },
  {
    method: 'POST',
    route: '/sync',
    url: '/sync',
    payload: { have: { [c]: 4 }, afterId: c },
    status: 200,
    call: { name: 'getHeads', request: { actorId, have: { [c]: 4 }, afterId: c } },
  },
  {
    method: 'GET',
    route: '/admin/tasks',
    url: `/admin/tasks?kind=groupFanout&state=running&conversationId=${c}&hasClosed=true&limit=20&cursor=abc`,
    status: 200,
    call: {
      name: 'listTasks',
      request: { kind: 'groupFanout', state: 'running', conversationId: c, hasClosed: true, limit: 20, cursor: 'abc' },
    },
  },
  {
    method: 'GET',
    route: '/admin/tasks/:taskId',
    url: taskUrl,
    status: 200,
    call: { name: 'showTask', request: { id: taskId } },
  },
  {
    method: 'POST',
    route: '/admin/tasks/:taskId/pause',
    url: `${taskUrl}/pause`,
    payload: { reason: 'a look' },
    status: 204,
    call: { name: 'pauseTask', request: { id: taskId, reason: 'a look' } },
  },
  {
    method: 'POST',
    route: '/admin/tasks/:taskId/resume',
    url: `${taskUrl}/resume`,
    status: 204,
    call: { name: 'resumeTask', request: { id: taskId } },
  },
  {
    method: 'POST',
    route: '/admin/tasks/:taskId/skip',
    url: `${taskUrl}/skip`,
    payload: { fromSeq: 3, toSeq: 9 },
    status: 204,
    call: { name: 'skipEntries', request: { id: taskId, fromSeq: 3, toSeq: 9 } },
  },
  {
    method: 'POST',
    route: '/admin/tasks/:taskId/redrive',
    url: '/admin/tasks/dlq%2Fpoison%2Fgochat.upstream%2F3%2F123456%2F-1/redrive',
    status: 204,
    call: { name: 'redriveTask', request: { id: 'dlq/poison/gochat.upstream/3/123456/-1' } },
  },
  {
    method: 'POST',
    route: '/admin/tasks/:taskId/discard',
    url: `${taskUrl}/discard`,
    payload: { reason: 'seen' },
    status: 204,
    call: { name: 'discardTask', request: { id: taskId, reason: 'seen' } },
  },
  {
    method: 'POST',
    route: '/admin/redrives',
    url: '/admin/redrives',
    payload: { query: 'ImErrorType="undecodable"', perSecond: 5, jobId: 'job-1' },
    status: 202,
    call: { name: 'redriveMany', request: { query: 'ImErrorType="undecodable"', perSecond: 5, jobId: 'job-1' } },
  },
]

export const publicRoutes: ReadonlySet<string> = new Set([
  'GET /limits',
  'POST /auth/register',
  'POST /auth/login',
  'GET /openapi.json',
  'GET /docs',
  'GET /docs/start.js',
  'GET /docs/js/scalar.js',
])
