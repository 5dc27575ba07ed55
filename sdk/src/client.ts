import type {
  Head,
  JoinRequestFrame,
  MembershipFrame,
  NewMessage,
  ReadEventFrame,
  ServerFrame,
  TypingEventFrame,
} from '../../proto/frames/index.ts'
import { limits } from '../../proto/frames/limits.ts'
import { createConnection, type ConnectionState, type TokenSource } from './connection.ts'
import type { Arrival } from './conversation-log.ts'
import { createEmitter } from './emitter.ts'
import { ChatError, closedError, timeoutError } from './errors.ts'
import { createOutbox, type Sent } from './outbox.ts'
import { createRepair } from './repair.ts'
import { refusedFrameCode } from './reconnect-policy.ts'
import { createRequests } from './requests.ts'

export interface ClientOptions {
  /** `ws://…/ws` or `wss://…/ws`; with several, the next one is tried when one does not answer. */
  readonly url: string | readonly string[]
  /**
   * An access token, or a function that gives one; asked before every connection. `isExpired`: the server has called the last one
   * too old, so get another (`createCredentials` does). A function that fails with what is not retryable ends the client.
   */
  readonly token: string | TokenSource
  /** Conversation id → the seq up to which this device holds everything, from `positions()` of an earlier run. */
  readonly positions?: Readonly<Record<string, number>>
  /**
   * A conversation that this device does not know: from behind which seq it wants to hold everything.
   * Default: `joinSeq`, which is all that the user may see; `lastSeq` means only what is new.
   */
  readonly startAt?: (head: Head) => number
  /** Default 500 ms: how long an early entry waits for what is missing before the range is fetched. */
  readonly gapWaitMs?: number
  /** Default 10 000 ms: an unanswered frame goes out again. */
  readonly ackTimeoutMs?: number
  /** Default 10 000 ms, for sync and history. */
  readonly requestTimeoutMs?: number
  /** Default 180 000 ms: how often to ask whether anything was missed. */
  readonly syncIntervalMs?: number
  /** Default 10 000 messages: beyond it `send` fails with OUTBOX_FULL. */
  readonly maxWaiting?: number
  /** Sees every frame as it arrived, before anything is done with it; for recording. */
  readonly onRawFrame?: (text: string) => void
}

export interface ClientEvents {
  /** Every entry of every conversation, once, in the order of its seq; own messages included. */
  readonly entry: Arrival
  readonly read: ReadEventFrame
  readonly typing: TypingEventFrame
  /** This user has joined a large conversation, or left it (leaveSeq), without an entry; the head follows. */
  readonly membership: MembershipFrame
  /** Somebody asks to join a group that this user decides on, or no longer does; or this user's own request was decided. */
  readonly joinRequest: JoinRequestFrame
  /** Where a conversation stands by the server's word: unread, readSeq, leaveSeq. */
  readonly head: Head
  readonly state: ConnectionState
  /** Everything that was known to be missing has been fetched. */
  readonly synced: undefined
  /** The connection ended for good: make a new client, with other credentials. */
  readonly failed: ChatError
}

type Content = Pick<NewMessage, 'type' | 'body'>

/**
 * A chat client that keeps promises: what is sent is sent until answered; what arrives is given once and in order.
 * Example: `const chat = createClient({ url, token }); chat.on('entry', show); await chat.connect()`.
 */
export type ChatClient = ReturnType<typeof createClient>

export function createClient(options: ClientOptions) {
  const events = createEmitter<ClientEvents>()
  const token = options.token
  let userId = ''
  let syncTimer: ReturnType<typeof setTimeout> | undefined
  let syncAttempt = 0

  const connection = createConnection({
    urls: typeof options.url === 'string' ? [options.url] : options.url,
    token,
    onState: (state) => events.emit('state', state),
    onFrame: receive,
    onClose: (code) => {
      stopSyncTimer()
      requests.failAll(timeoutError())
      outbox.suspend(refusedBy(code))
    },
    onFailed: (error) => events.emit('failed', error),
  })
  const requests = createRequests((frame) => connection.send(frame), options.requestTimeoutMs ?? 10_000)
  const outbox = createOutbox({
    send: (frame) => connection.send(frame),
    onSent: applyOwn,
    ackTimeoutMs: options.ackTimeoutMs ?? 10_000,
    maxMessagesPerFrame: limits.maxMessagesPerFrame,
    maxFrameBytes: limits.maxFrameBytes,
    maxWaiting: options.maxWaiting ?? 10_000,
  })
  const repair = createRepair({
    requests,
    onApplied: (arrival) => events.emit('entry', arrival),
    onHead: (head) => events.emit('head', head),
    startAt: options.startAt ?? ((head) => head.joinSeq),
    gapWaitMs: options.gapWaitMs ?? 500,
    userId: () => userId,
  })
  repair.restore(options.positions ?? {})

  return {
    on: <Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void) =>
      events.on(name, listener),
    get state() {
      return connection.state
    },
    get userId() {
      return userId
    },
    /** Messages that have no answer yet. */
    get waiting() {
      return outbox.waiting
    },
    /** Resolves at the first `ready`; keeps trying until then. Rejects when the credentials are refused. */
    async connect(): Promise<void> {
      await new Promise<void>((resolve, reject) => {
        const off = [
          events.on('state', (state) => state === 'ready' && done(resolve)),
          events.on('failed', (error) => done(() => reject(error))),
        ]
        const done = (finish: () => void) => {
          for (const remove of off) remove()
          finish()
        }
        connection.open()
      })
    },
    /**
     * Resolves when the message is stored; keeps trying across reconnects until then.
     * Rejects with a ChatError when the server refuses it for good.
     */
    send: (conversationId: string, content: Content, clientMessageId: string = crypto.randomUUID()): Promise<Sent> =>
      outbox.push(conversationId, { clientMessageId, ...content } as NewMessage),
    sendText: (conversationId: string, text: string): Promise<Sent> =>
      outbox.push(conversationId, { clientMessageId: crypto.randomUUID(), type: 'text', body: { text } }),
    /** Lost when there is no connection: the next one repeats it. */
    markRead: (conversationId: string, seq: number): void => void connection.send({ t: 'read', conversationId, seq }),
    typing: (conversationId: string): void => void connection.send({ t: 'typing', conversationId }),
    /** Asks where everything stands, and resolves when nothing known is missing. Rejects when the connection is lost meanwhile. */
    sync: (): Promise<void> => repair.sync(),
    positions: (): Record<string, number> => repair.positions(),
    /** Cuts the socket, as a dead network would. */
    dropConnection: (): void => connection.drop(),
    close(): void {
      stopSyncTimer()
      repair.stop()
      connection.close()
      outbox.close()
      requests.failAll(closedError())
    },
  }

  function receive(frame: ServerFrame, text: string): void {
    options.onRawFrame?.(text)
    if (requests.accept(frame)) return
    if (frame.t === 'message') {
      const { t: _, ...entry } = frame
      repair.offer({ entry, via: 'push' })
    } else if (frame.t === 'ack' || frame.t === 'error') outbox.accept(frame)
    else if (frame.t === 'read') events.emit('read', frame)
    else if (frame.t === 'typing') events.emit('typing', frame)
    else if (frame.t === 'joinRequest') events.emit('joinRequest', frame)
    else if (frame.t === 'resync') syncSoon(0)
    else if (frame.t === 'membership') {
      events.emit('membership', frame)
      // Many may have been added at once: they do not all ask at once.
      syncSoon(Math.random() * membershipSpreadMs)
    } else if (frame.t === 'ready') {
      userId = frame.userId
      outbox.resume()
      syncAttempt = 0
      syncSoon(0)
    }
  }

  /** The ack is this connection's copy of its own message. */
  function applyOwn(sent: Sent): void {
    const { clientMessageId, type, body } = sent.message
    const { conversationId, seq, createdAt } = sent
    const entry = { conversationId, seq, type, senderId: userId, clientMessageId, body, createdAt }
    repair.offer({ entry, via: 'ack' })
  }

  function syncSoon(delayMs: number): void {
    stopSyncTimer()
    syncTimer = setTimeout(() => {
      syncTimer = undefined
      void syncNow()
    }, delayMs)
  }

  function stopSyncTimer(): void {
    clearTimeout(syncTimer)
    syncTimer = undefined
  }

  async function syncNow(): Promise<void> {
    try {
      await repair.syncAnew()
      syncAttempt = 0
      events.emit('synced', undefined)
      // What asked for a sync meanwhile is not put off.
      if (syncTimer === undefined) syncSoon((options.syncIntervalMs ?? 180_000) * (0.9 + Math.random() * 0.2))
    } catch {
      if (connection.state === 'ready') syncSoon(Math.min(10_000, 300 * 2 ** syncAttempt++) * (0.5 + Math.random()))
    }
  }
}

const membershipSpreadMs = 500

function refusedBy(closeCode: number): ChatError | undefined {
  const code = refusedFrameCode(closeCode)
  if (code === undefined) return undefined
  return new ChatError({ code, message: `The server refused a frame by closing with ${closeCode}.`, retryable: false })
}
