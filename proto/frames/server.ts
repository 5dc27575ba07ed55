import { Type, type Static } from 'typebox'
import { ErrorBody, Id, Seq, TimeMs } from './common.ts'
import { Entry } from './content.ts'

export const HelloFrame = Type.Object(
  {
    t: Type.Literal('hello'),
    protocol: Type.Literal(1),
    node: Type.String({ description: 'Which gateway this is.' }),
    serverTime: TimeMs,
    authTimeoutMs: Type.Number(),
    heartbeat: Type.Object({ pingIntervalMs: Type.Number(), pongTimeoutMs: Type.Number() }),
    limits: Type.Record(Type.String(), Type.Number()),
  },
  { description: 'The first frame on every socket.' },
)

export const ReadyFrame = Type.Object(
  {
    t: Type.Literal('ready'),
    userId: Id,
    deviceId: Type.String(),
    serverTime: TimeMs,
  },
  {
    description: 'Authenticated, and from now on reachable: what is sent to this user after this frame is pushed here.',
  },
)

export const AckResult = Type.Object(
  {
    clientMessageId: Type.String(),
    seq: Type.Optional(Seq),
    createdAt: Type.Optional(TimeMs),
    duplicate: Type.Optional(Type.Literal(true)),
    error: Type.Optional(ErrorBody),
  },
  { description: 'Stored (seq) or refused (error). duplicate: the id was stored before, and this is that answer.' },
)
export const AckFrame = Type.Object(
  {
    t: Type.Literal('ack'),
    id: Type.String(),
    conversationId: Id,
    results: Type.Array(AckResult),
  },
  { description: 'What became of the messages of a send, or of a part of them.' },
)

export const MessageFrame = Type.Object(
  { t: Type.Literal('message'), ...Entry.properties },
  {
    description: 'A new entry of a conversation. May come twice, late or never: apply by seq, repair gaps by history.',
  },
)

export const ReadEventFrame = Type.Object(
  { t: Type.Literal('read'), conversationId: Id, userId: Id, seq: Seq },
  { description: 'Somebody (perhaps this user, on another device) has read up to seq.' },
)
export const TypingEventFrame = Type.Object(
  { t: Type.Literal('typing'), conversationId: Id, userId: Id },
  { description: 'Somebody is typing.' },
)

export const MembershipFrame = Type.Object(
  {
    t: Type.Literal('membership'),
    conversationId: Id,
    joinSeq: Type.Optional(Seq),
    leaveSeq: Type.Optional(Seq),
  },
  {
    description:
      'The place of this user in a large conversation has changed, for which there is no entry: it joined, or, with leaveSeq, left. Sync.',
  },
)

export const JoinRequestFrame = Type.Object(
  {
    t: Type.Literal('joinRequest'),
    conversationId: Id,
    userId: Id,
    state: Type.Union([Type.Literal('pending'), Type.Literal('withdrawn'), Type.Literal('rejected')]),
  },
  {
    description:
      'A request to join, for admins, the owner, and who asks. One that is approved is told by `added`, or in a large one by membership.',
  },
)

export const HeadBody = Type.Object(
  {
    conversationId: Id,
    lastSeq: Seq,
    joinSeq: Type.Integer({ description: 'This user sees entries with a seq above it.' }),
    leaveSeq: Type.Optional(Type.Integer({ description: 'Set once the user has left: nothing above it is visible.' })),
    readSeq: Seq,
    unread: Type.Integer(),
  },
  { description: 'Where a conversation stands for this user.' },
)
export const SyncedFrame = Type.Object(
  {
    t: Type.Literal('synced'),
    id: Type.String(),
    conversations: Type.Array(HeadBody),
    nextAfterId: Type.Optional(Type.String({ description: 'There is more: sync again with this as afterId.' })),
  },
  { description: 'The conversations that differ from what the client has, and those that it did not name.' },
)

export const PageFrame = Type.Object(
  {
    t: Type.Literal('page'),
    id: Type.String(),
    conversationId: Id,
    entries: Type.Array(Entry),
    lastSeq: Seq,
  },
  { description: 'Entries, in the order of their seq.' },
)

export const ResyncFrame = Type.Object(
  { t: Type.Literal('resync') },
  { description: 'Pushes may have been lost: sync now.' },
)

export const ReconnectFrame = Type.Object(
  { t: Type.Literal('reconnect'), afterMs: Type.Number() },
  { description: 'This gateway is going away: connect again after so many milliseconds.' },
)
export const ServerPingFrame = Type.Object(
  { t: Type.Literal('ping') },
  { description: 'Is anybody there? Answer with pong.' },
)
export const ServerPongFrame = Type.Object(
  { t: Type.Literal('pong') },
  { description: 'The answer to a ping of the client.' },
)

export const ErrorFrame = Type.Object(
  { t: Type.Literal('error'), id: Type.Optional(Type.String()), error: ErrorBody },
  { description: 'A frame was refused; with its id where it had one.' },
)

/** Every frame a server may send, by its `t`. */
export const serverFrames = {
  hello: HelloFrame,
  ready: ReadyFrame,
  ack: AckFrame,
  message: MessageFrame,
  read: ReadEventFrame,
  typing: TypingEventFrame,
  membership: MembershipFrame,
  joinRequest: JoinRequestFrame,
  synced: SyncedFrame,
  page: PageFrame,
  resync: ResyncFrame,
  reconnect: ReconnectFrame,
  ping: ServerPingFrame,
  pong: ServerPongFrame,
  error: ErrorFrame,
} as const

export type HelloFrame = Static<typeof HelloFrame>
export type ReadyFrame = Static<typeof ReadyFrame>
export type AckResult = Static<typeof AckResult>
export type AckFrame = Static<typeof AckFrame>
export type MessageFrame = Static<typeof MessageFrame>
export type ReadEventFrame = Static<typeof ReadEventFrame>
export type TypingEventFrame = Static<typeof TypingEventFrame>
export type MembershipFrame = Static<typeof MembershipFrame>
export type JoinRequestFrame = Static<typeof JoinRequestFrame>
export type Head = Static<typeof HeadBody>
export type SyncedFrame = Static<typeof SyncedFrame>
export type PageFrame = Static<typeof PageFrame>
export type ErrorFrame = Static<typeof ErrorFrame>
export type ServerFrame =
  | HelloFrame
  | ReadyFrame
  | AckFrame
  | MessageFrame
  | ReadEventFrame
  | TypingEventFrame
  | MembershipFrame
  | JoinRequestFrame
  | SyncedFrame
  | PageFrame
  | Static<typeof ResyncFrame>
  | Static<typeof ReconnectFrame>
  | Static<typeof ServerPingFrame>
  | Static<typeof ServerPongFrame>
  | ErrorFrame
