/**
 * What REST answers with, as far as a client needs it: the gateway serialises and documents with these schemas, and the SDK takes its
 * types from them. Requests, and answers that only the gateway knows, stand in services/gateway/http/schemas.
 */
import { Type, type Static } from 'typebox'
import { JoinMode } from '../frames/changes.ts'
import { ClientId, Id, Seq, TimeMs } from '../frames/common.ts'

export const User = Type.Object({
  id: Id,
  name: Type.String(),
  displayName: Type.String(),
  createdAt: TimeMs,
  isGuest: Type.Boolean(),
})

export const Session = Type.Object({
  user: User,
  deviceId: ClientId,
  accessToken: Type.String({ description: 'A bearer token, for the Authorization header or the auth frame.' }),
  expiresAt: TimeMs,
  refreshToken: Type.String({ description: 'For POST /auth/refresh, once.' }),
  refreshExpiresAt: TimeMs,
})

/** Where a user is logged in. */
export const Device = Type.Object({
  deviceId: ClientId,
  name: Type.String({ description: 'Empty: it has none.' }),
  createdAt: Type.Number({ description: 'Of its session: when it logged in. Milliseconds since 1970.' }),
  lastSeenAt: Type.Number({ description: 'To within some minutes. Milliseconds since 1970.' }),
  isCurrent: Type.Boolean({ description: 'It is the one that asks.' }),
})

export const Conversation = Type.Object({
  id: Id,
  kind: Type.Union([Type.Literal('direct'), Type.Literal('group')]),
  name: Type.Optional(Type.String({ description: 'Groups only.' })),
  lastSeq: Seq,
  memberCount: Type.Integer(),
  createdAt: TimeMs,
})

export const Role = Type.Union([Type.Literal('member'), Type.Literal('admin'), Type.Literal('owner')])

/** A group as one of its members sees it. */
export const Group = Type.Object({
  ...Conversation.properties,
  announcement: Type.Optional(Type.String({ description: 'Absent: there is none.' })),
  joinMode: JoinMode,
  isMuted: Type.Boolean({ description: 'Only admins and the owner may send.' }),
  role: Role,
  joinSeq: Seq,
  readSeq: Seq,
  mutedUntil: Type.Optional({ ...TimeMs, description: 'The caller may not send before.' }),
})

/** What became of a command. The same command id again gets the same answer. */
export const Outcome = Type.Object({
  outcome: Type.Union([Type.Literal('applied'), Type.Literal('noop'), Type.Literal('pending')], {
    description: 'noop: it was so already. pending: a request to join waits for an admin.',
  }),
  seq: Type.Optional({ ...Seq, description: 'The entry that tells the members.' }),
})

export type User = Static<typeof User>
export type Session = Static<typeof Session>
export type Device = Static<typeof Device>
export type Conversation = Static<typeof Conversation>
export type Group = Static<typeof Group>
export type Outcome = Static<typeof Outcome>
