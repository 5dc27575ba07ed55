import { setTimeout as sleep } from 'node:timers/promises'
import { inParallel } from '#tests/support/in-parallel.ts'
import { bodyText } from '../driver/body.ts'
import { createLatencies } from '../driver/latencies.ts'
import { measureCpu, residentMiB } from '../driver/processes.ts'
import type { WebSocketConnection } from '../driver/web-socket.ts'
import { rowWithoutMessages, type Row } from '../row.ts'
import type { GoChatOptions } from '../systems/gochat.ts'
import { makeConversations, type Conversation } from '../systems/gochat-conversations.ts'
import { connect, isPing } from '../systems/gochat-seat.ts'
import { judgePage } from './judge-page.ts'

export interface SyncOptions extends GoChatOptions {
  readonly warmUpMs: number
  readonly measureMs: number
}

const rooms = 10
const socketsEach = 4
const framesEach = 20
const messagesPerFrame = 50
const pageSize = 50

/** Pages from random places of logs of a thousand messages, each judged: fifty entries, one after the other. */
export async function measureSync(options: SyncOptions): Promise<Row> {
  const { gateways, processes, warmUpMs, measureMs } = options
  const conversations = await makeConversations(options, { rooms, members: socketsEach })
  const totals = { pages: 0, lost: 0, reordered: 0, refused: 0, isAsking: true, isMeasuring: false }
  const closed: string[] = []
  const latencies = createLatencies()
  const opened = await inParallel(conversations, 4, async (conversation, r) => {
    const sockets = await Promise.all(
      conversation.members.map((member, i) => connect(gateways[(r + i) % gateways.length]!.wsUrl, member)),
    )
    for (const socket of sockets) socket.onClose = (reason) => closed.push(reason)
    await fill(sockets[0]!, conversation)
    return sockets.map((socket) => ({ socket, conversation }))
  })
  const sockets = opened.flat()
  for (const { socket, conversation } of sockets) startAsking(socket, conversation)
  await sleep(warmUpMs)
  totals.isMeasuring = true
  const startedAt = performance.now()
  const cpu = await measureCpu(processes, () => sleep(measureMs))
  totals.isMeasuring = false
  totals.isAsking = false
  const seconds = (performance.now() - startedAt) / 1000
  for (const { socket } of sockets) socket.close()
  const { pages, lost, reordered, refused } = totals
  return rowWithoutMessages(
    'sync',
    'gochat',
    {
      pagesPerSecond: pages / seconds,
      cpuMicrosPerPage:
        [...cpu].reduce((sum, [group, used]) => (group === 'driver' ? sum : sum + used), 0) * (1e6 / pages),
    },
    {
      deliveriesPerSecond: (pages * pageSize) / seconds,
      lost,
      reordered,
      refused,
      closed: closed.length,
      p50Ms: latencies.percentile(50),
      p99Ms: latencies.percentile(99),
      maxMs: latencies.maxMs,
      cpuCores: new Map([...cpu].map(([group, used]) => [group, used / seconds])),
      rssMiB: residentMiB(processes),
    },
  )

  function startAsking(socket: WebSocketConnection, { id }: Conversation): void {
    let afterSeq = 0
    let askedAt = 0
    const ask = (): void => {
      // Behind the creation, which is the first entry.
      afterSeq = 1 + Math.floor(Math.random() * (framesEach * messagesPerFrame - pageSize))
      askedAt = performance.now()
      const range = `"afterSeq":${afterSeq},"upToSeq":${afterSeq + pageSize},"limit":${pageSize}`
      socket.send(`{"t":"history","id":"h","conversationId":"${id}",${range}}`)
    }
    socket.onFrame = (data, start, end) => {
      if (isPing(data, start)) return socket.send('{"t":"pong"}')
      const kind = data.toString('latin1', start, start + 12)
      if (kind === '{"t":"error"') totals.refused += 1
      else if (kind !== '{"t":"page",') return
      else if (totals.isMeasuring) {
        const page = judgePage(data, start, end, afterSeq, pageSize)
        totals.pages += 1
        totals.lost += page.missing
        totals.reordered += page.misplaced
        latencies.record(performance.now() - askedAt)
      }
      if (totals.isAsking) ask()
    }
    ask()
  }
}

async function fill(socket: WebSocketConnection, { id, members }: Conversation): Promise<void> {
  const body = JSON.stringify({ text: bodyText() })
  const prefix = `${members[0]!.id}-${Date.now().toString(36)}`
  for (let f = 0; f < framesEach; f += 1) {
    const messages = Array.from(
      { length: messagesPerFrame },
      (_, m) => `{"clientMessageId":"${prefix}-${f}-${m}","type":"text","body":${body}}`,
    )
    let stored = 0
    await new Promise<void>((resolve, reject) => {
      socket.onFrame = (data, start, end) => {
        const frame = data.toString('utf8', start, end)
        if (frame.includes('"error":')) reject(new Error(`filling a log: ${frame}`))
        if (frame.startsWith('{"t":"ack"')) stored += frame.split('"seq":').length - 1
        if (stored >= messagesPerFrame) resolve()
      }
      socket.send(`{"t":"send","id":"f${f}","conversationId":"${id}","messages":[${messages.join()}]}`)
    })
  }
}
