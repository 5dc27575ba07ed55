import { Type } from 'typebox'
import { TimeMs } from '#proto/frames/index.ts'
import { component } from './component.ts'

export const Ticket = component(
  'Ticket',
  Type.Object({
    ticket: Type.String({ description: 'Subprotocols of the WebSocket: gochat.v1, ticket.<this>. Good once.' }),
    expiresAt: TimeMs,
  }),
)

const Rates = Type.Array(Type.Object({ points: Type.Integer(), seconds: Type.Integer() }))
export const PublishedLimits = component(
  'Limits',
  Type.Object({
    profile: Type.Union([Type.Literal('standard'), Type.Literal('loopback')], {
      description: 'loopback: peers on 127.0.0.0/8 have rates of their own, for tests and load.',
    }),
    limits: Type.Record(Type.String(), Type.Integer()),
    rates: Type.Record(Type.String(), Rates, { description: 'What holds for every other peer, per gateway.' }),
    loopbackRate: Type.Optional(Type.Object({ points: Type.Integer(), seconds: Type.Integer() })),
  }),
)
