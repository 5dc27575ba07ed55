import { performance } from 'node:perf_hooks'
import { ChatError } from '@gochat/sdk'
import type { Device } from './device.ts'
import type { IrcLine } from './irc.ts'
import { createRecorder } from './recorder.ts'

/** Every send and every ack, with its time. */
export interface Ledger {
  readonly sent: number
  readonly acked: number
  /** Sent and neither acknowledged nor refused. */
  readonly unacked: number
  readonly refused: number
  readonly latenciesMs: readonly number[]
  /** The longest time without an ack while something waited for one. */
  readonly longestSilenceMs: number
  /** Sends a line and resolves when it is acknowledged, or refused for good. */
  send(device: Device, conversationId: string, line: IrcLine, index: number): Promise<void>
  /** Called after every ack. */
  onAck: () => void
  close(): Promise<void>
}

export function createLedger(folder: string, run: string): Ledger {
  const sends = createRecorder(folder, 'sends.jsonl')
  const acks = createRecorder(folder, 'acks.jsonl')
  const latenciesMs: number[] = []
  let sent = 0
  let refused = 0
  let longestSilenceMs = 0
  let quietSince = 0
  const ledger: Ledger = {
    get sent() {
      return sent
    },
    get acked() {
      return latenciesMs.length
    },
    get unacked() {
      return sent - latenciesMs.length - refused
    },
    get refused() {
      return refused
    },
    get longestSilenceMs() {
      return longestSilenceMs
    },
    latenciesMs,
    async send(device, conversationId, line, index) {
      const clientMessageId = `${run}.${index}`
      const sentAt = performance.now()
      if (ledger.unacked === 0) quietSince = sentAt
      sent++
      sends.write({ atMs: Date.now(), nick: line.nick, line: index, clientMessageId, type: line.type, text: line.text })
      try {
        const body = { text: line.text }
        const stored = await device.chat.send(conversationId, { type: line.type, body }, clientMessageId)
        const now = performance.now()
        latenciesMs.push(now - sentAt)
        longestSilenceMs = Math.max(longestSilenceMs, now - quietSince)
        quietSince = now
        acks.write({ atMs: Date.now(), clientMessageId, seq: stored.seq, duplicate: stored.isDuplicate })
        ledger.onAck()
      } catch (error) {
        refused++
        acks.write({
          atMs: Date.now(),
          clientMessageId,
          error: error instanceof ChatError ? error.code : String(error),
        })
      }
    },
    onAck: () => {},
    close: async () => void (await Promise.all([sends.close(), acks.close()])),
  }
  return ledger
}
