import { Type, type Static } from 'typebox'
import { Id, TimeMs } from './common.ts'

/** How somebody who is not in gets in. */
export const JoinMode = Type.Union([Type.Literal('invite'), Type.Literal('approval'), Type.Literal('open')], {
  description: 'invite: only if added. approval: by a request that an admin approves. open: by joining.',
})
export type JoinMode = Static<typeof JoinMode>

const UserIds = Type.Array(Id)
const Nothing = Type.Object({})
const Whom = Type.Object({ userId: Id })

/** Bodies of the entries that are no messages, by their type. senderId is who did it. Bodies may gain fields. */
export const changes = {
  /** The first entry. */
  created: Type.Object({
    kind: Type.Union([Type.Literal('direct'), Type.Literal('group')]),
    name: Type.Optional(Type.String({ description: 'Groups only.' })),
    userIds: UserIds,
  }),
  added: Type.Object({ userIds: UserIds }),
  removed: Type.Object({ userIds: UserIds }),
  /** The sender has joined an open group. */
  joined: Nothing,
  left: Nothing,
  renamed: Type.Object({ name: Type.String() }),
  announced: Type.Object({ text: Type.String({ description: 'Empty: there is no announcement any more.' }) }),
  joinModeChanged: Type.Object({ joinMode: JoinMode }),
  mutedAll: Nothing,
  unmutedAll: Nothing,
  muted: Type.Object({ userId: Id, until: TimeMs }),
  unmuted: Whom,
  roleChanged: Type.Object({ userId: Id, role: Type.Union([Type.Literal('member'), Type.Literal('admin')]) }),
  /** The user is the owner from here on, and the sender an admin. */
  transferred: Whom,
  /** The last entry: everybody has left here. */
  dissolved: Nothing,
} as const

export type ChangeType = keyof typeof changes
export type ChangeBody<T extends ChangeType> = Static<(typeof changes)[T]>
