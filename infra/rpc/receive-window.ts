import { subscribe } from 'node:diagnostics_channel'
import type { Http2Session, ServerHttp2Stream } from 'node:http2'

/** For each call, and for all calls of a connection together. Node's default of 64 KiB holds up requests and answers of some hundred messages. */
export const receiveWindowBytes = 4 * 1024 * 1024

const widened = new WeakSet<Http2Session>()
let isSubscribed = false

/**
 * Lets the clients of this process send so much ahead. grpc-js has such an option for clients only, and hands out no session of
 * its server; Node tells of every stream that a server gets, and the first one of a session leads to it.
 */
export function widenReceiveWindows(): void {
  if (isSubscribed) return
  isSubscribed = true
  subscribe('http2.server.stream.created', (message) => {
    const { session } = (message as { readonly stream: ServerHttp2Stream }).stream
    if (session === undefined || widened.has(session)) return
    widened.add(session)
    session.settings({ initialWindowSize: receiveWindowBytes })
    session.setLocalWindowSize(receiveWindowBytes)
  })
}
