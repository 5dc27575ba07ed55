/**
 * Station 17 of the message path. Before: services/gateway/ws/writer.ts. After: the application.
 * What is next is applied, what is early waits, what does not come is fetched.
 */
import type { Entry, Head } from '../../proto/frames/index.ts'
import { ConversationLog, type Arrival } from './conversation-log.ts'
import { ChatError } from './errors.ts'
import type { Requests } from './requests.ts'

export interface RepairOptions {
  readonly requests: Requests
  /** In order, each entry once. */
  readonly onApplied: (arrival: Arrival) => void
  readonly onHead: (head: Head) => void
  /** Where the log of an unknown conversation starts. */
  readonly startAt: (head: Head) => number
  /** A push that is ahead waits this long for what is missing, before the range is fetched. */
  readonly gapWaitMs: number
  readonly userId: () => string
}

export interface Repair {
  /** Where a device that was here before stands; call before the first sync. */
  restore(positions: Readonly<Record<string, number>>): void
  offer(arrival: Arrival): void
  /** Asks where everything stands and fetches what is missing. Resolves when nothing known is missing any more. */
  sync(): Promise<void>
  /** The same, and never by an answer from before now: a sync under way is followed by another. */
  syncAnew(): Promise<void>
  positions(): Record<string, number>
  stop(): void
}

/** Names that one sync frame may hold. */
const maxNames = 500
const pageSize = 100

/** Keeps each conversation whole: applies what is next, waits a moment for what is early, fetches what does not come. */
export function createRepair(options: RepairOptions): Repair {
  const logs = new Map<string, ConversationLog>()
  /** Pushed entries of conversations whose join_seq is not known yet: the sync that they cause will tell. */
  const strangers = new Map<string, Arrival[]>()
  const gapTimers = new Map<string, ReturnType<typeof setTimeout>>()
  const repairs = new Map<string, Promise<void>>()
  let syncing: Promise<void> | undefined

  return {
    restore(positions) {
      for (const [id, seq] of Object.entries(positions)) logs.set(id, new ConversationLog(id, seq))
    },
    offer,
    sync,
    syncAnew: () => (syncing === undefined ? sync() : syncing.catch(() => {}).then(sync)),
    positions: () => Object.fromEntries([...logs].map(([id, log]) => [id, log.appliedSeq])),
    stop() {
      for (const timer of gapTimers.values()) clearTimeout(timer)
      gapTimers.clear()
    },
  }

  function offer(arrival: Arrival): void {
    const log = logOf(arrival.entry)
    if (log === undefined) {
      const { conversationId } = arrival.entry
      strangers.set(conversationId, [...(strangers.get(conversationId) ?? []), arrival].slice(-pageSize))
      void sync().catch(() => {})
      return
    }
    apply(log, arrival)
    if (log.gap() !== undefined) watchGap(log)
  }

  function sync(): Promise<void> {
    return (syncing ??= syncAll().finally(() => (syncing = undefined)))
  }

  /** An entry that brings this user in says itself where its log starts. */
  function logOf(entry: Entry): ConversationLog | undefined {
    const log = logs.get(entry.conversationId)
    if (bringsIn(entry, options.userId()) && (log === undefined || log.isClosed)) {
      if (log !== undefined) log.restart(entry.seq - 1)
      else logs.set(entry.conversationId, new ConversationLog(entry.conversationId, entry.seq - 1))
      return logs.get(entry.conversationId)
    }
    return log
  }

  function apply(log: ConversationLog, arrival: Arrival): void {
    for (const applied of log.offer(arrival)) {
      if (takesOut(applied.entry, options.userId())) log.close(applied.entry.seq)
      options.onApplied(applied)
    }
  }

  function watchGap(log: ConversationLog): void {
    if (gapTimers.has(log.conversationId) || repairs.has(log.conversationId)) return
    gapTimers.set(
      log.conversationId,
      setTimeout(() => {
        gapTimers.delete(log.conversationId)
        void repair(log).catch(() => watchGap(log))
      }, options.gapWaitMs),
    )
  }

  async function syncAll(): Promise<void> {
    do {
      const met = new Set(strangers.keys())
      await syncOnce()
      // A stranger without a head is none of ours; one that came meanwhile asks for another round.
      for (const id of met) strangers.delete(id)
    } while (strangers.size > 0)
  }

  async function syncOnce(): Promise<void> {
    const behind: ConversationLog[] = []
    const have = Object.fromEntries(
      [...logs.values()].slice(-maxNames).map((log) => [log.conversationId, log.appliedSeq]),
    )
    let afterId: string | undefined
    do {
      const frame = { t: 'sync', have, ...(afterId === undefined ? {} : { afterId }) } as const
      const { conversations, nextAfterId } = await options.requests.ask(frame, 'synced')
      for (const head of conversations) behind.push(takeHead(head))
      afterId = nextAfterId
    } while (afterId !== undefined)
    for (const log of behind) await repair(log)
  }

  function takeHead(head: Head): ConversationLog {
    let log = logs.get(head.conversationId)
    if (log === undefined) {
      log = new ConversationLog(head.conversationId, Math.max(head.joinSeq, options.startAt(head)))
      logs.set(head.conversationId, log)
    }
    log.restart(head.joinSeq)
    log.extend(head.lastSeq)
    if (head.leaveSeq !== undefined) log.close(head.leaveSeq)
    options.onHead(head)
    for (const arrival of strangers.get(head.conversationId) ?? []) apply(log, arrival)
    strangers.delete(head.conversationId)
    return log
  }

  /** One repair at a time for a conversation; whoever asks meanwhile waits for the same one. */
  function repair(log: ConversationLog): Promise<void> {
    const running = repairs.get(log.conversationId)
    if (running !== undefined) return running
    const started = fetchGaps(log).finally(() => repairs.delete(log.conversationId))
    repairs.set(log.conversationId, started)
    return started
  }

  async function fetchGaps(log: ConversationLog): Promise<void> {
    for (let gap = log.gap(); gap !== undefined; gap = log.gap()) {
      const page = await fetchPage(log.conversationId, gap)
      if (page === undefined || page.length === 0) return
      for (const entry of page) apply(log, { entry, via: 'repair' })
      if (log.appliedSeq === gap.afterSeq) return
    }
  }

  async function fetchPage(
    conversationId: string,
    gap: { afterSeq: number; upToSeq: number },
  ): Promise<Entry[] | undefined> {
    try {
      const page = await options.requests.ask({ t: 'history', conversationId, ...gap, limit: pageSize }, 'page')
      return page.entries
    } catch (error) {
      // Not ours any more: there is nothing to repair. Everything else is the caller's to try again.
      if (error instanceof ChatError && error.code === 'CONVERSATION_NOT_FOUND') return undefined
      throw error
    }
  }
}

function bringsIn(entry: Entry, userId: string): boolean {
  if (entry.type === 'joined') return entry.senderId === userId
  return (entry.type === 'created' || entry.type === 'added') && namesUser(entry, userId)
}

function takesOut(entry: Entry, userId: string): boolean {
  if (entry.type === 'left') return entry.senderId === userId
  return entry.type === 'dissolved' || (entry.type === 'removed' && namesUser(entry, userId))
}

function namesUser(entry: Entry, userId: string): boolean {
  const { userIds } = entry.body as { userIds?: readonly string[] }
  return userIds?.includes(userId) ?? false
}
