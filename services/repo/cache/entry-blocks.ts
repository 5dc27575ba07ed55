import { LRUCache } from 'lru-cache'
import type { Metrics } from '#infra/metrics/index.ts'
import { encode } from '#infra/protobuf/index.ts'
import { EntryListSchema } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { EntryRecord } from '../queries/entries.ts'
import { cacheRequests } from './requests.ts'

/** afterSeq < seq ≤ upToSeq, the first `limit` of them. */
export interface EntryRange {
  readonly afterSeq: number
  readonly upToSeq: number
  readonly limit: number
}

/** Entries as pieces of an EntryList: in a row, they are one. Ascending. */
export type EncodedEntries = readonly { readonly seq: number; readonly bytes: Buffer }[]

/** The entries of a log, encoded once for all who read them. */
export interface EntryBlocks {
  read(conversationId: string, range: EntryRange): Promise<EncodedEntries>
}

export interface EntryBlocksOptions {
  /** From the database, ascending. */
  readonly load: (conversationId: string, range: EntryRange) => Promise<readonly EntryRecord[]>
  readonly metrics: Metrics
  readonly now?: () => number
}

/** A log is kept in blocks, of which each holds the entries of so many seqs: (0, 16], (16, 32], … */
const seqsPerBlock = 16
const maxBytes = 64 * 1024 * 1024
/** Entries never change. What an operator erases or restores by hand is shown for so long at most. */
const maxAgeMs = 60_000
/** What an entry takes beside its bytes, roughly. */
const overheadBytes = 200

/**
 * Only whole blocks are kept: what is stored between two seqs that are stored never changes, so nothing is ever taken back.
 * The end of a log is read from the database each time.
 */
export function createEntryBlocks({ load, metrics, now = () => performance.now() }: EntryBlocksOptions): EntryBlocks {
  const requests = cacheRequests(metrics)
  const blocks = new LRUCache<string, EncodedEntries>({
    maxSize: maxBytes,
    sizeCalculation: sizeOf,
    ttl: maxAgeMs,
    ttlResolution: 0,
    perf: { now },
  })

  /** The blocks that are kept, up to the first that is not. */
  function kept(conversationId: string, fromSeq: number, toSeq: number): EncodedEntries {
    const entries: EncodedEntries[number][] = []
    for (let number = blockOf(fromSeq); number <= blockOf(toSeq); number += 1) {
      const block = blocks.get(keyOf(conversationId, number))
      requests.inc({ kind: 'entries', result: block === undefined ? 'miss' : 'hit' })
      if (block === undefined) break
      entries.push(...block)
    }
    return entries
  }

  function keep(conversationId: string, entries: EncodedEntries): void {
    for (let end = seqsPerBlock; end <= entries.length; end += 1) {
      const last = entries[end - 1]!
      if (last.seq % seqsPerBlock !== 0) continue
      const block = entries.slice(end - seqsPerBlock, end)
      if (block[0]!.seq === last.seq - seqsPerBlock + 1) {
        blocks.set(keyOf(conversationId, blockOf(last.seq)), alone(block))
      }
    }
  }

  return {
    async read(conversationId, { afterSeq, upToSeq, limit }) {
      // Seqs have no gaps. Where some are missing all the same, the database knows what comes behind them.
      const lastSeq = Math.min(upToSeq, afterSeq + limit)
      const entries = [...kept(conversationId, afterSeq + 1, lastSeq)]
      const nextSeq = (entries.at(-1)?.seq ?? afterSeq) + 1
      if (nextSeq <= lastSeq) {
        const start = blockOf(nextSeq) * seqsPerBlock
        const end = (blockOf(lastSeq) + 1) * seqsPerBlock
        const range = { afterSeq: start, upToSeq: Math.max(end, upToSeq), limit: end - start }
        const loaded = (await load(conversationId, range)).map(encoded)
        keep(conversationId, loaded)
        entries.push(...loaded)
      }
      return entries.filter(({ seq }) => seq > afterSeq && seq <= upToSeq).slice(0, limit)
    },
  }
}

function encoded(entry: EntryRecord): EncodedEntries[number] {
  return { seq: entry.seq, bytes: encode(EntryListSchema, { entries: [entry] }) }
}

function blockOf(seq: number): number {
  return Math.floor((seq - 1) / seqsPerBlock)
}

function keyOf(conversationId: string, number: number): string {
  return `${conversationId} ${number}`
}

/** In memory of its own: Node cuts small buffers out of larger ones, which would be kept as well. */
function alone(block: EncodedEntries): EncodedEntries {
  const memory = Buffer.allocUnsafeSlow(block.reduce((sum, { bytes }) => sum + bytes.length, 0))
  let start = 0
  return block.map(({ seq, bytes }) => {
    const end = start + bytes.copy(memory, start)
    const copy = { seq, bytes: memory.subarray(start, end) }
    start = end
    return copy
  })
}

function sizeOf(block: EncodedEntries): number {
  return block.reduce((sum, { bytes }) => sum + bytes.length + overheadBytes, 0)
}
