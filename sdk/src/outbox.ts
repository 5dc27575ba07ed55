/**
 * Station 1 of the message path. Before: the application. After: services/gateway/ws/session.ts.
 * Keeps every message until the server has answered for it, whatever happens to the connection: the same id, sent again, is stored
 * once. One unacknowledged frame per conversation keeps an author's order.
 */
import type { AckResult, ClientFrame, NewMessage, ServerFrame } from '../../proto/frames/index.ts'
import { ChatError, closedError } from './errors.ts'

export interface Sent {
  readonly conversationId: string
  readonly message: NewMessage
  readonly seq: number
  readonly createdAt: number
  /** The id was stored before this attempt. */
  readonly isDuplicate: boolean
}

export interface OutboxOptions {
  /** False when there is no connection now. */
  readonly send: (frame: ClientFrame) => boolean
  /** Called before the promise of `push` resolves. */
  readonly onSent: (sent: Sent) => void
  /** No answer within this: the frame goes out again. */
  readonly ackTimeoutMs: number
  readonly maxMessagesPerFrame: number
  readonly maxFrameBytes: number
  /** Messages that may wait, over all conversations; beyond it `push` fails with OUTBOX_FULL. */
  readonly maxWaiting: number
}

interface Item {
  /** Items of a lane go out in this order, however often. */
  readonly order: number
  readonly message: NewMessage
  readonly bytes: number
  readonly resolve: (sent: Sent) => void
  readonly reject: (error: ChatError) => void
}

interface Lane {
  readonly conversationId: string
  /** Not yet sent, or to be sent again; the oldest first. */
  waiting: Item[]
  /** In the one frame on its way, by clientMessageId, in order. */
  readonly inFlight: Map<string, Item>
  /** In flight items that must go again, once the rest of their frame is answered. */
  readonly again: Item[]
  /** After a refused frame: one message a frame, until the culprit is found. */
  alone: number
  timer: ReturnType<typeof setTimeout> | undefined
}

/** What the envelope of a send frame needs beside its messages. */
const envelopeBytes = 256

export interface Outbox {
  push(conversationId: string, message: NewMessage): Promise<Sent>
  accept(frame: ServerFrame): void
  /** Connected (again): everything unanswered goes out, the oldest first. */
  resume(): void
  /** Disconnected. `refused`: the server closed because of what was in flight, which therefore fails. */
  suspend(refused?: ChatError): void
  close(): void
  readonly waiting: number
}

export function createOutbox(options: OutboxOptions): Outbox {
  const lanes = new Map<string, Lane>()
  let frames = 0
  let pushed = 0
  let count = 0

  return {
    get waiting() {
      return count
    },
    push(conversationId, message) {
      const bytes = new TextEncoder().encode(JSON.stringify(message)).length
      const problem = refusal(bytes)
      if (problem !== undefined) return Promise.reject(problem)
      return new Promise((resolve, reject) => {
        const lane = laneOf(conversationId)
        count++
        lane.waiting.push({ order: ++pushed, message, bytes, resolve, reject })
        pump(lane)
      })
    },
    accept(frame) {
      if (frame.t === 'ack') {
        const lane = lanes.get(frame.conversationId)
        if (lane !== undefined) answer(lane, frame.results)
      } else if (frame.t === 'error' && frame.id !== undefined) {
        for (const lane of lanes.values())
          if (frame.id.startsWith(`${lane.conversationId}/`)) refuse(lane, new ChatError(frame.error))
      }
    },
    resume() {
      for (const lane of lanes.values()) pump(lane)
    },
    suspend(refused) {
      for (const lane of lanes.values()) {
        if (refused === undefined) takeBack(lane)
        else refuse(lane, refused)
      }
    },
    close() {
      for (const lane of lanes.values()) {
        takeBack(lane)
        for (const item of lane.waiting) item.reject(closedError())
      }
      lanes.clear()
      count = 0
    },
  }

  function refusal(bytes: number): ChatError | undefined {
    if (bytes + envelopeBytes > options.maxFrameBytes) {
      return new ChatError({
        code: 'FRAME_TOO_LARGE',
        message: 'The message is larger than a frame may be.',
        retryable: false,
      })
    }
    if (count >= options.maxWaiting) {
      return new ChatError({ code: 'OUTBOX_FULL', message: 'Too many messages wait to be sent.', retryable: true })
    }
    return undefined
  }

  function laneOf(conversationId: string): Lane {
    let lane = lanes.get(conversationId)
    if (lane === undefined) {
      lane = { conversationId, waiting: [], inFlight: new Map(), again: [], alone: 0, timer: undefined }
      lanes.set(conversationId, lane)
    }
    return lane
  }

  function pump(lane: Lane): void {
    if (lane.inFlight.size > 0 || lane.waiting.length === 0 || lane.timer !== undefined) return
    const items = nextFrame(lane)
    const id = `${lane.conversationId}/${++frames}`
    const messages = items.map((item) => item.message)
    if (!options.send({ t: 'send', id, conversationId: lane.conversationId, messages })) return
    lane.waiting.splice(0, items.length)
    for (const item of items) lane.inFlight.set(item.message.clientMessageId, item)
    wait(lane, options.ackTimeoutMs, () => takeBack(lane))
  }

  function nextFrame(lane: Lane): Item[] {
    const most = lane.alone > 0 ? 1 : options.maxMessagesPerFrame
    let bytes = envelopeBytes
    const end = lane.waiting.findIndex((item, i) => i === most || (bytes += item.bytes + 1) > options.maxFrameBytes)
    return lane.waiting.slice(0, end === -1 ? lane.waiting.length : Math.max(1, end))
  }

  function answer(lane: Lane, results: readonly AckResult[]): void {
    let retryAfterMs = 0
    for (const result of results) {
      const item = lane.inFlight.get(result.clientMessageId)
      if (item === undefined) continue
      lane.inFlight.delete(result.clientMessageId)
      if (result.error === undefined) succeed(lane, item, result)
      else if (!result.error.retryable) fail(lane, item, new ChatError(result.error))
      else {
        lane.again.push(item)
        retryAfterMs = Math.max(retryAfterMs, result.error.retryAfterMs ?? 0)
      }
    }
    if (lane.inFlight.size > 0) return
    takeBack(lane)
    if (retryAfterMs > 0) wait(lane, retryAfterMs * (0.5 + Math.random()), () => {})
    else pump(lane)
  }

  /** The frame as a whole was refused. A single message fails; several are sent one by one, so that only the culprit does. */
  function refuse(lane: Lane, error: ChatError): void {
    const items = [...lane.inFlight.values()]
    if (items.length === 0) return
    if (!error.retryable && items.length === 1) {
      lane.inFlight.clear()
      fail(lane, items[0]!, error)
    } else if (!error.retryable) {
      lane.alone = items.length
    }
    takeBack(lane)
    if (error.retryable) wait(lane, error.retryAfterMs ?? 1000, () => {})
    else pump(lane)
  }

  /** What is unanswered goes back to the head of the queue, in order. */
  function takeBack(lane: Lane): void {
    clearTimeout(lane.timer)
    lane.timer = undefined
    const unanswered = [...lane.again, ...lane.inFlight.values()].toSorted((a, b) => a.order - b.order)
    lane.waiting = [...unanswered, ...lane.waiting]
    lane.again.length = 0
    lane.inFlight.clear()
  }

  function wait(lane: Lane, ms: number, then: () => void): void {
    clearTimeout(lane.timer)
    lane.timer = setTimeout(() => {
      lane.timer = undefined
      then()
      pump(lane)
    }, ms)
  }

  function succeed(lane: Lane, item: Item, result: AckResult): void {
    const sent: Sent = {
      conversationId: lane.conversationId,
      message: item.message,
      seq: result.seq!,
      createdAt: result.createdAt!,
      isDuplicate: result.duplicate === true,
    }
    done(lane)
    options.onSent(sent)
    item.resolve(sent)
  }

  function fail(lane: Lane, item: Item, error: ChatError): void {
    done(lane)
    item.reject(error)
  }

  function done(lane: Lane): void {
    count--
    lane.alone = Math.max(0, lane.alone - 1)
  }
}
