import { randomUUID } from 'node:crypto'
import { later, type Cast, type RoleName } from './cast.ts'

/** yes: done. no: FORBIDDEN. hide: CONVERSATION_NOT_FOUND, as for an id that does not exist. out: the account is suspended. */
export const codes = {
  yes: undefined,
  no: 'FORBIDDEN',
  hide: 'CONVERSATION_NOT_FOUND',
  out: 'ACCOUNT_SUSPENDED',
} as const
export type Cell = keyof typeof codes

export interface Right {
  /** One cell a role; then either side of a direct conversation. See `cellsOf` for guests and suspended users. */
  readonly cells: string
  readonly body?: (cast: Cast) => object
  /** Whom it is about, where the path says so. */
  readonly about?: (cast: Cast, role: RoleName) => string
}

const target = (cast: Cast) => cast.target.id
const asker = ({ askers }: Cast, role: RoleName) => (role === 'admin' ? askers.admin : askers.owner).id
const nothing = () => ({})

/**
 * Every REST operation on a conversation, as its roles may use it. An operation that is not here fails the test, and so does a
 * row whose operation is gone.
 */
// prettier-ignore
export const rights: Readonly<Record<string, Right>> = {
  //                                                           none left muted member admin owner pair
  'GET /conversations/{conversationId}/messages':     { cells: 'hide yes  yes yes yes yes yes' },
  'POST /conversations/{conversationId}/messages':    { cells: 'hide hide no  yes yes yes yes', body: message },
  'POST /conversations/{conversationId}/read':        { cells: 'hide hide yes yes yes yes yes', body: () => ({ seq: 1 }) },
  'GET /groups/{conversationId}':                     { cells: 'hide hide yes yes yes yes hide' },
  'GET /groups/{conversationId}/members':             { cells: 'hide hide yes yes yes yes hide' },
  'PUT /groups/{conversationId}/name':                { cells: 'hide hide no  no  yes yes no', body: () => ({ name: 'crew' }) },
  'PUT /groups/{conversationId}/announcement':        { cells: 'hide hide no  no  yes yes no', body: () => ({ text: 'hear' }) },
  'DELETE /groups/{conversationId}/announcement':     { cells: 'hide hide no  no  yes yes no' },
  'PUT /groups/{conversationId}/join-mode':           { cells: 'hide hide no  no  yes yes no', body: () => ({ joinMode: 'invite' }) },
  'PUT /groups/{conversationId}/mute':                { cells: 'hide hide no  no  yes yes no', body: nothing },
  'DELETE /groups/{conversationId}/mute':             { cells: 'hide hide no  no  yes yes no' },
  'POST /groups/{conversationId}/members':            { cells: 'hide hide no  no  yes yes no', body: ({ outsider }) => ({ userIds: [outsider.id] }) },
  'DELETE /groups/{conversationId}/members/{userId}': { cells: 'hide hide no  no  yes yes no', about: target },
  'POST /groups/{conversationId}/leave':              { cells: 'hide hide yes yes yes no  no', body: nothing },
  'POST /groups/{conversationId}/transfer':           { cells: 'hide hide no  no  no  yes no', body: (cast) => ({ userId: cast.target.id }) },
  'POST /groups/{conversationId}/dissolve':           { cells: 'hide hide no  no  no  yes no', body: nothing },
  'PUT /groups/{conversationId}/members/{userId}/role': { cells: 'hide hide no no no  yes no', about: target, body: () => ({ role: 'admin' }) },
  'PUT /groups/{conversationId}/members/{userId}/mute': { cells: 'hide hide no no yes yes no', about: target, body: () => ({ until: later }) },
  'DELETE /groups/{conversationId}/members/{userId}/mute': { cells: 'hide hide no no yes yes no', about: target },
  'POST /groups/{conversationId}/join':               { cells: 'hide hide yes yes yes yes no', body: nothing },
  'DELETE /groups/{conversationId}/join':             { cells: 'hide hide yes yes yes yes no' },
  'GET /groups/{conversationId}/join-requests':       { cells: 'hide hide no  no  yes yes no' },
  'POST /groups/{conversationId}/join-requests/{userId}/approve': { cells: 'hide hide no no yes yes no', about: asker, body: nothing },
  'POST /groups/{conversationId}/join-requests/{userId}/reject':  { cells: 'hide hide no no yes yes no', about: asker, body: nothing },
}

/** The same for every client frame that names a conversation. */
// prettier-ignore
export const frameRights: Readonly<Record<string, string>> = {
  //         none left muted member admin owner pair
  send:     'hide hide no  yes yes yes yes',
  read:     'hide hide yes yes yes yes yes',
  typing:   'hide hide yes yes yes yes yes',
  history:  'hide yes  yes yes yes yes yes',
}

/** In a dissolved group who was in it may see its history. */
export function dissolvedCells(isHistory: boolean): Cell[] {
  return cellsOf(isHistory ? 'hide yes yes yes yes yes' : 'hide hide hide hide hide hide')
}

/** In the order of `roles`, and then the pair: a guest may do in a group what members may, a suspended user nothing anywhere. */
export function cellsOf(row: string): Cell[] {
  const [none, left, muted, member, ...others] = row.split(/ +/) as [Cell, Cell, Cell, Cell, ...Cell[]]
  return [none, left, muted, member, 'out', member, ...others]
}

function message(): object {
  return { clientMessageId: randomUUID(), type: 'text', body: { text: 'hi' } }
}
