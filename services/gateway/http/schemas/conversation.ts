import { Type } from 'typebox'
import { Entry as EntryFrame, Id, Seq, TimeMs, limits } from '#proto/frames/index.ts'
import { CommandId, line, pageSize, strict } from './common.ts'
import { component } from './component.ts'

const Role = Type.Union([Type.Literal('member'), Type.Literal('admin'), Type.Literal('owner')])

export const Entry = component('Entry', Type.Object({ ...EntryFrame.properties }))

const conversation = {
  id: Id,
  kind: Type.Union([Type.Literal('direct'), Type.Literal('group')]),
  name: Type.Optional(Type.String({ description: 'Groups only.' })),
  lastSeq: Seq,
  memberCount: Type.Integer(),
  createdAt: TimeMs,
}
export const Conversation = component('Conversation', Type.Object(conversation))

export const ConversationSummary = component(
  'ConversationSummary',
  Type.Object({
    ...conversation,
    lastEntry: Type.Optional(Entry.ref),
    unread: Type.Integer(),
    readSeq: Seq,
    role: Role,
    peerId: Type.Optional({ ...Id, description: 'Direct conversations only: the other user.' }),
  }),
)
export const ConversationPage = Type.Object({
  conversations: Type.Array(ConversationSummary.ref),
  nextCursor: Type.Optional(Type.String({ description: 'There is more: ask again with this as cursor.' })),
})
export const ConversationQuery = Type.Object(
  { limit: pageSize(100, 50), cursor: Type.Optional(Type.String({ pattern: '^[\\x21-\\x7e]{1,256}$' })) },
  strict,
)

export const NewDirect = Type.Object({ commandId: CommandId, userId: Id }, strict)

/** A group as one of its members sees it. */
export const Group = component('Group', Type.Object({ ...conversation, role: Role, joinSeq: Seq, readSeq: Seq }))
export const NewGroup = Type.Object(
  {
    commandId: CommandId,
    name: line(limits.maxNameLength, 'Shown to its members.'),
    memberIds: Type.Array(Id, { maxItems: limits.maxMembersPerCommand, uniqueItems: true }),
  },
  strict,
)

export const Member = component('Member', Type.Object({ userId: Id, role: Role, joinSeq: Seq, readSeq: Seq }))
export const MemberPage = Type.Object({
  members: Type.Array(Member.ref),
  nextAfterUserId: Type.Optional(Type.String({ description: 'There is more: ask again with this as afterUserId.' })),
})
export const MemberQuery = Type.Object({ limit: pageSize(100, 100), afterUserId: Type.Optional(Id) }, strict)

export const MemberAddition = Type.Object(
  {
    commandId: CommandId,
    userIds: Type.Array(Id, { minItems: 1, maxItems: limits.maxMembersPerCommand, uniqueItems: true }),
  },
  strict,
)
export const CommandQuery = Type.Object({ commandId: CommandId }, strict)
export const CommandOnly = CommandQuery

/** What became of a command. The same command id again gets the same answer. */
export const Outcome = component(
  'Outcome',
  Type.Object({
    outcome: Type.Union([Type.Literal('applied'), Type.Literal('noop')]),
    seq: Type.Optional({ ...Seq, description: 'The entry that tells the members.' }),
  }),
)
