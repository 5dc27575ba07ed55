import type { Database, Range, StoredMessage } from './database.ts'
import { check, type Findings } from './findings.ts'
import { linesOf, readLines, type Ack, type Applied, type Run, type Send } from './recording.ts'

/** I3: every device holds exactly its member's range, and each entry as MySQL has it. */
export function checkDelivered(folder: string, run: Run, database: Database): Promise<Findings> {
  return check('I3 delivered', 'every device holds exactly the range of its member, as stored', async (wrong) => {
    const bySeq = new Map(database.messages.map((row) => [row.seq, row]))
    for (const member of run.members) {
      const range = database.members.get(member.userId)
      if (range === undefined) wrong(`${member.userId} is no member in MySQL`)
      else for (const device of member.devices) await compareDevice(folder, device, range, bySeq, wrong)
    }
  })
}

async function compareDevice(
  folder: string,
  device: string,
  range: Range,
  bySeq: ReadonlyMap<number, StoredMessage>,
  wrong: (what: string) => void,
): Promise<void> {
  const applied = await readLines<Applied>(folder, `devices/${device}.applied.jsonl`)
  const held = new Set<number>()
  for (const entry of applied) {
    if (held.has(entry.seq)) wrong(`${device} applied seq ${entry.seq} twice`)
    held.add(entry.seq)
    if (entry.seq <= range.joinSeq || entry.seq > range.endSeq)
      wrong(`${device} holds seq ${entry.seq}, outside of its range`)
    if (!isSame(entry, bySeq.get(entry.seq))) wrong(`${device} holds seq ${entry.seq} otherwise than MySQL`)
  }
  for (let seq = range.joinSeq + 1; seq <= range.endSeq; seq++) if (!held.has(seq)) wrong(`${device} lacks seq ${seq}`)
}

/** I4: applied in order; and what each author sent in order got rising seqs, answered in that order. */
export function checkOrder(folder: string, run: Run, sends: readonly Send[], acks: readonly Ack[]): Promise<Findings> {
  return check(
    'I4 order',
    "every device applies rising seqs, and each author's seqs rise as it sent",
    async (wrong) => {
      for (const device of run.members.flatMap((member) => member.devices)) {
        let previous = 0
        for (const entry of await readLines<Applied>(folder, `devices/${device}.applied.jsonl`)) {
          if (entry.seq <= previous) wrong(`${device} applied seq ${entry.seq} after ${previous}`)
          previous = entry.seq
        }
      }
      const seqOf = new Map(acks.map((ack) => [ack.clientMessageId, ack.seq ?? 0]))
      const last = new Map<string, { line: number; seq: number }>()
      for (const send of sends) {
        const key = run.order === 'log' ? '' : send.nick
        const before = last.get(key) ?? { line: -1, seq: 0 }
        const seq = seqOf.get(send.clientMessageId) ?? 0
        if (send.line <= before.line) wrong(`line ${send.line} was sent after line ${before.line}`)
        if (seq <= before.seq) wrong(`line ${send.line} got seq ${seq}, an earlier one ${before.seq}`)
        last.set(key, { line: send.line, seq })
      }
      const nickOf = new Map(sends.map((send) => [send.clientMessageId, send.nick]))
      const answered = new Map<string, number>()
      for (const ack of acks) {
        const key = run.order === 'log' ? '' : (nickOf.get(ack.clientMessageId) ?? '')
        if ((ack.seq ?? 0) <= (answered.get(key) ?? 0)) wrong(`the ack of seq ${ack.seq} came out of order`)
        answered.set(key, ack.seq ?? 0)
      }
    },
  )
}

/** What came over the sockets: only this member's, only as stored, and nothing applied that did not come. */
export function checkFrames(folder: string, run: Run, database: Database): Promise<Findings> {
  return check(
    'I6 isolation',
    'no socket carried what its member may not see, and nothing was applied that did not come',
    async (wrong) => {
      const bySeq = new Map(database.messages.map((row) => [row.seq, row]))
      for (const member of run.members) {
        const range = database.members.get(member.userId) ?? { joinSeq: 0, endSeq: 0 }
        for (const device of member.devices) {
          const came = new Set<number>()
          for await (const line of linesOf(folder, `devices/${device}.frames.jsonl`)) {
            for (const entry of entriesOf(line, run.conversationId)) {
              came.add(entry.seq)
              if (entry.seq <= range.joinSeq || entry.seq > range.endSeq)
                wrong(`${device} was sent seq ${entry.seq}, outside of its range`)
              if (entry.body !== undefined && !isSame(entry, bySeq.get(entry.seq)))
                wrong(`${device} was sent another seq ${entry.seq}`)
            }
          }
          for (const entry of await readLines<Applied>(folder, `devices/${device}.applied.jsonl`)) {
            if (!came.has(entry.seq)) wrong(`${device} applied seq ${entry.seq}, which no frame brought`)
          }
        }
      }
    },
  )
}

/** REST gives what MySQL has, in order. */
export function checkHistory(history: readonly Applied[], database: Database): Promise<Findings> {
  return check('REST history', 'equals MySQL, entry by entry', (wrong) => {
    const owner = history[0]?.seq ?? 1
    const expected = database.messages.filter((row) => row.seq >= owner)
    if (owner !== 1 || history.length !== expected.length)
      wrong(`${history.length} entries, MySQL has ${expected.length}`)
    for (const [i, row] of expected.entries())
      if (history[i]?.seq !== row.seq || !isSame(history[i], row)) wrong(`seq ${row.seq} differs`)
  })
}

type Seen = Pick<Applied, 'seq'> & Partial<Applied>

/** Entries that a frame brought: pushed, fetched, or acknowledged (which says the seq only). */
function entriesOf(line: string, conversationId: string): Seen[] {
  const frame = JSON.parse(line) as {
    t: string
    conversationId?: string
    entries?: Applied[]
    results?: { seq?: number }[]
  } & Seen
  if (frame.conversationId !== conversationId) return []
  if (frame.t === 'message') return [frame]
  if (frame.t === 'page') return frame.entries ?? []
  if (frame.t === 'ack') return (frame.results ?? []).flatMap(({ seq }) => (seq === undefined ? [] : [{ seq }]))
  return []
}

function isSame(entry: Seen | undefined, row: StoredMessage | undefined): boolean {
  if (entry === undefined || row === undefined) return false
  return (
    entry.type === row.type &&
    entry.senderId === row.senderId &&
    (entry.clientMessageId ?? null) === row.clientMessageId &&
    JSON.stringify(sorted(entry.body)) === JSON.stringify(sorted(row.body))
  )
}

/** JSON objects are equal whatever the order of their keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}
