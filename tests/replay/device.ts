import { createClient, type ChatClient, type Entry } from '@gochat/sdk'
import { createRecorder } from './recorder.ts'

/** One installation of a member: an SDK client that writes down what it gets and what it makes of it. */
export interface Device {
  readonly name: string
  readonly chat: ChatClient
  readonly applied: readonly Entry[]
  readonly counts: { pushed: number; repaired: number; duplicates: number }
  close(): Promise<void>
}

export interface DeviceOptions {
  readonly name: string
  readonly token: string
  /** The gateways, this device's own first. */
  readonly wsUrls: readonly string[]
  readonly conversationId: string
  readonly folder: string
}

/** Read without parsing the frame a second time: a replay sees half a million of them. */
const pushedEntry = /^\{"t":"message","conversationId":"(\d+)","seq":(\d+)/

export function createDevice(options: DeviceOptions): Device {
  const { conversationId } = options
  const frames = createRecorder(options.folder, `devices/${options.name}.frames.jsonl`)
  const appliedLines = createRecorder(options.folder, `devices/${options.name}.applied.jsonl`)
  const applied: Entry[] = []
  const counts = { pushed: 0, repaired: 0, duplicates: 0 }
  const seen = new Set<number>()
  const chat = createClient({
    url: options.wsUrls,
    token: options.token,
    // Accounts are used again by later replays: older groups are none of this one's business.
    startAt: (head) => (head.conversationId === conversationId ? head.joinSeq : head.lastSeq),
    ackTimeoutMs: 5_000,
    onRawFrame: (text) => {
      frames.writeRaw(text)
      countDuplicates(text)
    },
  })
  chat.on('entry', ({ entry, via }) => {
    if (entry.conversationId !== conversationId) return
    applied.push(entry)
    if (via === 'push') counts.pushed++
    if (via === 'repair') counts.repaired++
    appliedLines.write({ via, ...entry })
  })
  return {
    name: options.name,
    chat,
    applied,
    counts,
    async close() {
      chat.close()
      await Promise.all([frames.close(), appliedLines.close()])
    },
  }

  function countDuplicates(text: string): void {
    const [, id, seq] = pushedEntry.exec(text) ?? []
    if (id !== conversationId) return
    if (seen.has(Number(seq))) counts.duplicates++
    seen.add(Number(seq))
  }
}
