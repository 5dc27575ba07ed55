import type { TSchema } from 'typebox'
import { errorEntry, errorTable, type ErrorCode } from '#infra/errors/index.ts'
import { clientFrames, serverFrames } from '#proto/frames/index.ts'
import type { Example } from './protocol-page.ts'

type ServerT = keyof typeof serverFrames

/** What the other side answers with. Any frame may also be refused with error. */
const answersTo: { readonly [t in keyof typeof clientFrames]?: ServerT } = {
  auth: 'ready',
  send: 'ack',
  sync: 'synced',
  history: 'page',
  ping: 'pong',
}

const toChannel = { $ref: '#/channels/socket' }

/** The AsyncAPI document of the WebSocket, made of the schemas that it validates with; examples are those of docs/protocol.md. */
export function describeSocket(examples: readonly Example[]): object {
  const messages = { ...messagesOf('client', clientFrames, examples), ...messagesOf('server', serverFrames, examples) }
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'GoChat WebSocket',
      version: '1',
      description:
        'One JSON object a frame, in text messages, told apart by t. Described as the gateway sees it: it receives the frames ' +
        'of clients and sends those of the server. docs/protocol.md says what a client must do with them. Client frames ' +
        'refuse unknown fields; server frames may gain fields, so clients ignore what they do not know.',
    },
    defaultContentType: 'application/json',
    servers: {
      gateway: {
        host: '{host}',
        protocol: 'wss',
        description: 'Any gateway; ws on one machine.',
        variables: { host: { default: 'localhost', description: 'Where the gateway is.' } },
      },
    },
    channels: {
      socket: {
        address: '/ws',
        title: 'The socket',
        messages: Object.fromEntries(
          Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
        bindings: { ws: { method: 'GET' } },
      },
    },
    operations: {
      ...Object.fromEntries((Object.keys(clientFrames) as (keyof typeof clientFrames)[]).map(operationOfClient)),
      ...Object.fromEntries(Object.keys(serverFrames).map(operationOfServer)),
    },
    components: { messages },
    'x-close-codes': closeCodes(),
    'x-errors': Object.keys(errorTable).map((code) => describeError(code as ErrorCode)),
  }
}

function messagesOf(from: Example['from'], frames: Readonly<Record<string, TSchema>>, examples: readonly Example[]) {
  return Object.fromEntries(
    Object.entries(frames).map(([t, payload]) => {
      const shown = examples.filter(({ from: side, frame }) => side === from && frame.t === t)
      const { description } = payload as { description?: string }
      return [
        `${from}.${t}`,
        { name: t, title: `${t}, from the ${from}`, summary: description, payload, examples: shown.map(asExample) },
      ]
    }),
  )
}

function asExample({ frame }: Example) {
  return { payload: frame }
}

function operationOfClient(t: keyof typeof clientFrames) {
  const answer = answersTo[t]
  const reply = [...(answer === undefined ? [] : [answer]), 'error'].map((name) => toMessage('server', name))
  return [
    `receive.${t}`,
    {
      action: 'receive',
      channel: toChannel,
      messages: [toMessage('client', t)],
      reply: { channel: toChannel, messages: reply },
    },
  ]
}

function operationOfServer(t: string) {
  return [`send.${t}`, { action: 'send', channel: toChannel, messages: [toMessage('server', t)] }]
}

function toMessage(from: Example['from'], t: string) {
  return { $ref: `#/channels/socket/messages/${from}.${t}` }
}

/** Where an error ends the connection. Below 4500 a client connects again; 1007 and 1009 are the protocol's own. */
function closeCodes() {
  return (Object.keys(errorTable) as ErrorCode[])
    .map((code) => ({ ...errorEntry(code), code }))
    .filter(({ close }) => close !== undefined)
    .map(({ close, code, message }) => ({ closeCode: close, error: code, meaning: message }))
}

function describeError(code: ErrorCode) {
  const { message, retryable, retryAfterMs } = errorEntry(code)
  return { code, message, retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}
