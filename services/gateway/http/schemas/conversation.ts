import { Type } from 'typebox'
import { Entry as EntryFrame, Id, JoinMode, Seq, TimeMs, limits } from '#proto/frames/index.ts'
import * as answers from '#proto/rest/index.ts'
import { CommandId, line, lines, pageSize, strict } from './common.ts'
import { component } from './component.ts'

export const Entry = component('Entry', Type.Object({ ...EntryFrame.properties }))

const conversation = answers.Conversation.properties
export const Conversation = component('Conversation', answers.Conversation)

export const ConversationSummary = component(
  'ConversationSummary',
  Type.Object({
    ...conversation,
    lastEntry: Type.Optional(Entry.ref),
    unread: Type.Integer(),
    readSeq: Seq,
    role: answers.Role,
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

export const Group = component('Group', answers.Group)
export const NewGroup = Type.Object(
  {
    commandId: CommandId,
    name: line(limits.maxNameLength, 'Shown to its members.'),
    memberIds: Type.Array(Id, { maxItems: limits.maxMembersPerCommand, uniqueItems: true }),
  },
  strict,
)

export const Member = component(
  'Member',
  Type.Object({
    userId: Id,
    role: answers.Role,
    joinSeq: Seq,
    readSeq: Seq,
    mutedUntil: Type.Optional({ ...TimeMs, description: 'It may not send before. Absent: it was not muted.' }),
  }),
)
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
export const JoinRequestPage = Type.Object({
  requests: Type.Array(Type.Object({ userId: Id, askedAt: TimeMs })),
  nextAfterUserId: Type.Optional(Type.String({ description: 'There is more: ask again with this as afterUserId.' })),
})

export const NewName = Type.Object(
  { commandId: CommandId, name: line(limits.maxNameLength, 'Shown to its members.') },
  strict,
)
export const NewAnnouncement = Type.Object(
  { commandId: CommandId, text: lines(limits.maxAnnouncementLength, 'Stands above the log.') },
  strict,
)
export const NewJoinMode = Type.Object({ commandId: CommandId, joinMode: JoinMode }, strict)
export const NewOwner = Type.Object({ commandId: CommandId, userId: Id }, strict)
export const NewRole = Type.Object(
  { commandId: CommandId, role: Type.Union([Type.Literal('member'), Type.Literal('admin')]) },
  strict,
)
export const NewMute = Type.Object(
  {
    commandId: CommandId,
    until: Type.Integer({
      // Seconds are a mistake that is easily made.
      minimum: 1_000_000_000_000,
      maximum: limits.maxTimeMs,
      description: 'Milliseconds since 1970. One that has passed mutes nobody.',
    }),
  },
  strict,
)

export const CommandQuery = Type.Object({ commandId: CommandId }, strict)
export const CommandOnly = CommandQuery

export const Outcome = component('Outcome', answers.Outcome)
