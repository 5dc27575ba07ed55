import { Type, type Static } from 'typebox'
import { Id, Seq } from './common.ts'
import { NewMessage } from './content.ts'
import { limits } from './limits.ts'

const strict = { additionalProperties: false } as const
const FrameId = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'Chosen by the client; the answer carries it.',
})

export const AuthFrame = Type.Object(
  { t: Type.Literal('auth'), token: Type.String({ maxLength: 4096 }) },
  { ...strict, description: 'First frame, unless a ticket came with the handshake. Answered by ready.' },
)

export const SendFrame = Type.Object(
  {
    t: Type.Literal('send'),
    id: FrameId,
    conversationId: Id,
    messages: Type.Array(NewMessage, { minItems: 1, maxItems: limits.maxMessagesPerFrame }),
  },
  {
    ...strict,
    description:
      'Messages for one conversation, in order. Answered by one or more acks that together name every message.',
  },
)

export const ReadFrame = Type.Object(
  { t: Type.Literal('read'), conversationId: Id, seq: Type.Integer({ minimum: 1, maximum: 4_294_967_295 }) },
  { ...strict, description: 'This user has read everything up to seq. Coalesced by the server, never answered.' },
)

export const TypingFrame = Type.Object(
  { t: Type.Literal('typing'), conversationId: Id },
  { ...strict, description: 'This user is typing. Coalesced, never stored, never answered.' },
)

export const SyncFrame = Type.Object(
  {
    t: Type.Literal('sync'),
    id: FrameId,
    have: Type.Record(Id, Seq, { maxProperties: limits.maxNamesInSync, additionalProperties: false }),
    afterId: Type.Optional(Id),
  },
  {
    ...strict,
    description: 'Where do my conversations stand? have says what the client holds without gaps. Answered by synced.',
  },
)

export const HistoryFrame = Type.Object(
  {
    t: Type.Literal('history'),
    id: FrameId,
    conversationId: Id,
    afterSeq: Seq,
    upToSeq: Type.Optional(Seq),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: limits.maxHistoryPage, description: 'Default: the maximum.' }),
    ),
  },
  { ...strict, description: 'Entries after a seq. Answered by page.' },
)

export const ClientPingFrame = Type.Object(
  { t: Type.Literal('ping') },
  { ...strict, description: 'Is anybody there? Answered by pong.' },
)
export const ClientPongFrame = Type.Object(
  { t: Type.Literal('pong') },
  { ...strict, description: 'The answer to a ping of the server.' },
)

/** Every frame a client may send, by its `t`. */
export const clientFrames = {
  auth: AuthFrame,
  send: SendFrame,
  read: ReadFrame,
  typing: TypingFrame,
  sync: SyncFrame,
  history: HistoryFrame,
  ping: ClientPingFrame,
  pong: ClientPongFrame,
} as const

export type AuthFrame = Static<typeof AuthFrame>
export type SendFrame = Static<typeof SendFrame>
export type ReadFrame = Static<typeof ReadFrame>
export type TypingFrame = Static<typeof TypingFrame>
export type SyncFrame = Static<typeof SyncFrame>
export type HistoryFrame = Static<typeof HistoryFrame>
export type ClientFrame =
  | AuthFrame
  | SendFrame
  | ReadFrame
  | TypingFrame
  | SyncFrame
  | HistoryFrame
  | Static<typeof ClientPingFrame>
  | Static<typeof ClientPongFrame>
