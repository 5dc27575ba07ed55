/**
 * Station 15 of the message path. Before: services/gateway/downstream.ts. After: services/gateway/ws/writer.ts.
 * One payload becomes one WebSocket frame, queued for every socket that it names.
 */
import type { Delivery } from '#proto/gen/gochat/downstream/v1/downstream_pb.ts'
import type { ClientSocket } from './client-socket.ts'
import { Connection } from './connection.ts'
import type { FrameCounts } from './frame-counts.ts'
import { textFrame, typeOfPayload } from './text-frame.ts'
import type { Writer } from './writer.ts'

/** The sockets of this gateway, by number and by user. */
export interface Hub {
  /** Numbers a new socket. */
  open(socket: ClientSocket, ip: string): Connection
  /** The connection has said who it is. */
  join(connection: Connection): void
  /** The socket has closed. */
  close(connection: Connection): void
  all(): Iterable<Connection>
  readonly size: number
  userIds(): Iterable<string>
  ofUser(userId: string): readonly Connection[]
  /** An answer for one socket; dropped when it has gone. */
  reply(connection: number, payload: Uint8Array): void
  /** One frame for many sockets. Those that have gone, or are not ready, are left out: they sync. */
  deliver(delivery: Pick<Delivery, 'payload' | 'connections' | 'userIds'>): void
  /** Writes what reply() and deliver() have queued. */
  flush(): void
}

export interface HubOptions {
  readonly writer: Writer
  readonly counts: FrameCounts
}

export function createHub({ writer, counts }: HubOptions): Hub {
  const connections = new Map<number, Connection>()
  const users = new Map<string, Connection[]>()
  let last = 0

  /** Numbers go round in 32 bits and skip those in use; 0 means REST. */
  function nextNumber(): number {
    do last = last >= 0xffff_ffff ? 1 : last + 1
    while (connections.has(last))
    return last
  }

  return {
    open(socket, ip) {
      const connection = new Connection(nextNumber(), socket, ip, writer, counts)
      connections.set(connection.number, connection)
      return connection
    },
    join(connection) {
      const { identity } = connection
      if (identity === undefined || !connections.has(connection.number)) return
      users.set(identity.userId, [...(users.get(identity.userId) ?? []), connection])
    },
    close(connection) {
      connections.delete(connection.number)
      const { identity } = connection
      if (identity === undefined) return
      const left = (users.get(identity.userId) ?? []).filter((other) => other !== connection)
      if (left.length === 0) users.delete(identity.userId)
      else users.set(identity.userId, left)
    },
    all: () => connections.values(),
    get size() {
      return connections.size
    },
    userIds: () => users.keys(),
    ofUser: (userId) => users.get(userId) ?? [],
    reply(number, payload) {
      const connection = connections.get(number)
      if (connection === undefined) return
      counts.sent(typeOfPayload(payload), 1)
      writer.push(connection, textFrame(payload))
    },
    deliver({ payload, connections: numbers, userIds }) {
      const frame = textFrame(payload)
      let sent = 0
      for (const number of numbers) {
        const connection = connections.get(number)
        if (connection?.isReady !== true) continue
        writer.push(connection, frame)
        sent += 1
      }
      for (const userId of userIds) {
        for (const connection of users.get(userId) ?? []) {
          if (!connection.isReady) continue
          writer.push(connection, frame)
          sent += 1
        }
      }
      if (sent > 0) counts.sent(typeOfPayload(payload), sent)
    },
    flush: () => writer.flush(),
  }
}
