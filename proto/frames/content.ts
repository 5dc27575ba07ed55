import { Type, type Static } from 'typebox'
import { ClientId, Id, Seq, TimeMs } from './common.ts'
import { limits } from './limits.ts'

const strict = { additionalProperties: false } as const
const Text = Type.Object(
  {
    text: Type.String({
      maxLength: limits.maxTextLength,
      description: 'Kept as it is; counted in Unicode code points.',
    }),
  },
  strict,
)

/** What a client sends: one of the known types, each with its own body. */
export const NewMessage = Type.Union([
  Type.Object({ clientMessageId: ClientId, type: Type.Literal('text'), body: Text }, strict),
  Type.Object({ clientMessageId: ClientId, type: Type.Literal('action'), body: Text }, strict),
  Type.Object(
    {
      clientMessageId: ClientId,
      type: Type.Literal('custom'),
      body: Type.Record(Type.String(), Type.Unknown(), { description: 'Any JSON object; the application knows it.' }),
    },
    strict,
  ),
])
export type NewMessage = Static<typeof NewMessage>

/** One entry of a conversation's log: a message, or a change that members must see. */
export const Entry = Type.Object({
  conversationId: Id,
  seq: Seq,
  type: Type.String({
    description: 'text, action, custom: messages. The rest are changes. Ignore types you do not know.',
  }),
  senderId: Id,
  clientMessageId: Type.Optional(Type.String({ description: 'Messages only.' })),
  body: Type.Unknown({
    description: 'Messages: as sent. Changes: as their type says, in changes.ts and docs/protocol.md.',
  }),
  createdAt: TimeMs,
})
export type Entry = Static<typeof Entry>
