import { Type, type Static } from 'typebox'

/** Where the document lies in etcd. */
export const liveSettingsKey = '/gochat/config'

const Rate = Type.Object(
  { points: Type.Integer({ minimum: 1 }), seconds: Type.Integer({ minimum: 1, maximum: 86_400 }) },
  { additionalProperties: false },
)
const windows = (description: string) => Type.Array(Rate, { minItems: 1, maxItems: 5, description })

/** What can be changed while everything runs: one JSON document, checked as a whole, followed by every process that uses it. */
export const liveSettings = Type.Object(
  {
    largeGroupThreshold: Type.Integer({
      minimum: 2,
      maximum: 100_000,
      description: 'Conversations with more members are delivered as large ones.',
    }),
    rates: Type.Object(
      {
        sends: windows('Messages, per user and gateway.'),
        requests: windows('REST requests, per address and gateway.'),
        connections: windows('New sockets, per address and gateway.'),
        loginsFromAddress: windows('Attempts to log in or register, per address and gateway.'),
        loginsToName: windows('Attempts to log in or register, per name and gateway.'),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
)
export type LiveSettings = Static<typeof liveSettings>

export const defaultLiveSettings: LiveSettings = {
  largeGroupThreshold: 500,
  rates: {
    sends: [
      { points: 10, seconds: 1 },
      { points: 100, seconds: 60 },
      { points: 1000, seconds: 3600 },
    ],
    requests: [{ points: 50, seconds: 1 }],
    connections: [{ points: 20, seconds: 1 }],
    loginsFromAddress: [{ points: 10, seconds: 60 }],
    loginsToName: [{ points: 10, seconds: 60 }],
  },
}
