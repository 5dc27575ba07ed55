import type { Processes } from '../driver/processes.ts'
import { openRooms } from '../driver/room.ts'
import type { System } from '../systems/system.ts'
import { connectXmpp, xmppDomain, xmppResource, type XmppConnection } from './xmpp-connection.ts'
import { takeXmppSeat } from './xmpp-seat.ts'

const password = 'a bench password'

/** Pairs are chats of two, everything else is rooms; all with real accounts, made in-band. */
export function createEjabberdSystem(port: number, processes: Processes): System {
  const registered = new Set<string>()

  async function connect(user: string): Promise<XmppConnection> {
    const xmpp = await connectXmpp(port, { user, password, isNew: !registered.has(user) })
    registered.add(user)
    return xmpp
  }

  return {
    name: 'ejabberd',
    processes,
    open: (shape, meter) =>
      openRooms(shape, meter, async ({ room, place, ledger }) => {
        const userAt = (at: number) => `${shape.name}-${room}-${at}`
        const xmpp = await connect(userAt(place))
        if (shape.name === 'pairs') {
          await enterChat(xmpp)
          const to = `${userAt(1 - place)}@${xmppDomain}/${xmppResource}`
          return takeXmppSeat(xmpp, { to, type: 'chat' }, ledger, place)
        }
        const to = `${shape.name}-${room}@conference.${xmppDomain}`
        await enterRoom(xmpp, to, place)
        return takeXmppSeat(xmpp, { to, type: 'groupchat' }, ledger, place)
      }),
  }
}

async function enterChat(xmpp: XmppConnection): Promise<void> {
  await xmpp.ask('<presence/>', /^<presence/)
  // What is counted from here on are messages: the answer to a request says how many of them were handled.
  await xmpp.ask("<enable xmlns='urn:xmpp:sm:3'/>", /^<(enabled|failed)/)
}

async function enterRoom(xmpp: XmppConnection, room: string, place: number): Promise<void> {
  // The room's subject comes last.
  await xmpp.ask(
    `<presence to='${room}/n${place}'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>`,
    /^<message.*<subject|^<presence[^>]*type='error'/,
  )
}
