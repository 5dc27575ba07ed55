import { bodyNumber, bodyText, bodyTimeMs, bodyWriter, readDigits, writeBody } from '../driver/body.ts'
import { Finder } from '../driver/finder.ts'
import type { Ledger } from '../driver/ledger.ts'
import type { Seat } from '../driver/room.ts'
import type { XmppConnection } from './xmpp-connection.ts'

/** Where a seat's messages go. */
export interface XmppTarget {
  readonly to: string
  readonly type: 'chat' | 'groupchat'
}

/**
 * In a room the sender's copy is the ack: the room sends it when the message is in the archive. In a chat of two it is stream
 * management: a request behind each message, answered when the server has handled what came before, the archive included.
 */
export function takeXmppSeat(xmpp: XmppConnection, { to, type }: XmppTarget, ledger: Ledger, place: number): Seat {
  const receiver = ledger.receivers[place]!
  const body = new Finder('<body>')
  const handledKey = new Finder('h=')
  const request = type === 'chat' ? "<r xmlns='urn:xmpp:sm:3'/>" : ''
  const template = Buffer.from(`<message to='${to}' type='${type}'><body>${bodyText()}</body></message>${request}`)
  const bodyAt = template.indexOf('<body>') + '<body>'.length
  let sent = 0
  let handled = 0
  let received = 0
  xmpp.onClose = (reason) => ledger.meter.closed.push(reason)
  xmpp.onStanza = (data, start, end) => {
    switch (data[start + 1]) {
      case letter.m:
        received += 1
        return onMessage(data, start, end)
      case letter.a:
        return onHandled(data, start, end)
      case letter.r:
        return xmpp.send(`<a xmlns='urn:xmpp:sm:3' h='${received}'/>`)
      case letter.p:
      case letter.i:
        received += 1
        return
      default:
    }
  }
  return {
    send(dueMs) {
      const bytes = Buffer.from(template)
      writeBody(bytes, bodyAt, dueMs, sent, place)
      sent += 1
      xmpp.sendBytes(bytes)
    },
    close: () => xmpp.close(),
  }

  function onMessage(data: Buffer, start: number, end: number): void {
    const at = body.find(data, start, end)
    if (at < 0) return
    const writer = bodyWriter(data, at)
    if (writer !== place) receiver.take(writer, bodyNumber(data, at), bodyTimeMs(data, at), performance.now())
    else if (data.toString('latin1', start, end).includes("type='error'")) ledger.refused(place)
    else ledger.answered(place, place, bodyNumber(data, at))
  }

  function onHandled(data: Buffer, start: number, end: number): void {
    const at = handledKey.find(data, start, end)
    for (const until = readDigits(data, at + 1); handled < until; handled += 1) ledger.answered(place, place, handled)
  }
}

const letter = { a: 0x61, i: 0x69, m: 0x6d, p: 0x70, r: 0x72 }
