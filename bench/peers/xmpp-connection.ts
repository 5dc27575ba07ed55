import { withTimeout } from '#stack/wait.ts'
import { openTcp } from '../driver/tcp.ts'
import { StanzaReader, type OnStanza } from './stanzas.ts'

export interface XmppConnection {
  send(xml: string): void
  sendBytes(bytes: Buffer): void
  /** Sends, and resolves to the first stanza after it that begins so. @throws Error with the stanza when it is an error. */
  ask(xml: string, answer: RegExp): Promise<string>
  close(): void
  onStanza: OnStanza
  /** Not called after close(). */
  onClose: (reason: string) => void
}

export interface XmppAccount {
  readonly user: string
  readonly password: string
  /** Registers it in-band first. */
  readonly isNew: boolean
}

export const xmppDomain = 'localhost'
export const xmppResource = 'bench'
const answerTimeoutMs = 30_000
const streamOpening =
  `<?xml version='1.0'?><stream:stream to='${xmppDomain}' xmlns='jabber:client' ` +
  `xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>`

/** A client of plain TCP, logged in with a name and a password, with a resource. */
export async function connectXmpp(port: number, account: XmppAccount): Promise<XmppConnection> {
  const { user, password, isNew } = account
  const xmpp = openStream(port)
  try {
    await xmpp.ask(streamOpening, /^<stream:features/)
    if (isNew) {
      const fields = `<username>${user}</username><password>${password}</password>`
      await xmpp.ask(`<iq type='set' id='register'><query xmlns='jabber:iq:register'>${fields}</query></iq>`, /^<iq/)
    }
    const secret = Buffer.from(`\0${user}\0${password}`).toString('base64')
    await xmpp.ask(
      `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${secret}</auth>`,
      /^<(success|failure)/,
    )
    await xmpp.ask(streamOpening, /^<stream:features/)
    const resource = `<resource>${xmppResource}</resource>`
    await xmpp.ask(
      `<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>${resource}</bind></iq>`,
      /^<iq/,
    )
    return xmpp
  } catch (error) {
    xmpp.close()
    throw error
  }
}

function openStream(port: number): XmppConnection {
  const tcp = openTcp('127.0.0.1', port)
  const reader = new StanzaReader()
  const xmpp: XmppConnection = {
    send: (xml) => tcp.write(xml),
    sendBytes: (bytes) => tcp.write(bytes),
    ask(xml, answer) {
      const answered = new Promise<string>((resolve, reject) => {
        xmpp.onClose = (reason) => reject(new Error(`XMPP: ${reason}`))
        xmpp.onStanza = (data, start, end) => {
          const stanza = data.toString('utf8', start, end)
          if (!answer.test(stanza)) return
          if (/^<(failure|stream:error)|type='error'/.test(stanza)) reject(new Error(`XMPP: ${stanza}`))
          else resolve(stanza)
        }
        tcp.write(xml)
      })
      return withTimeout(answered, answerTimeoutMs, 'XMPP')
    },
    close: () => tcp.close(),
    onStanza: () => {},
    onClose: () => {},
  }
  tcp.onChunk = (chunk) => reader.read(chunk, xmpp.onStanza)
  tcp.onClose = (reason) => xmpp.onClose(reason)
  return xmpp
}
