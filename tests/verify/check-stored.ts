import type { Database } from './database.ts'
import { check, type Findings } from './findings.ts'
import type { Spoken } from './log-file.ts'
import type { Ack, Run, Send } from './recording.ts'

/** I1: what was acknowledged is stored, once, as it was sent; and nothing else is. */
export function checkDurableOnce(
  run: Run,
  sends: readonly Send[],
  acks: readonly Ack[],
  database: Database,
): Promise<Findings> {
  return check('I1 durable once', 'every acknowledged message is stored exactly once, as sent', (wrong) => {
    const byId = new Map<string, Send>()
    const userOf = new Map(run.members.map((member) => [member.nick, member.userId]))
    for (const send of sends) {
      if (byId.has(send.clientMessageId)) wrong(`sends.jsonl names ${send.clientMessageId} twice`)
      byId.set(send.clientMessageId, send)
    }
    const answered = new Set<string>()
    for (const ack of acks) {
      if (answered.has(ack.clientMessageId)) wrong(`acks.jsonl names ${ack.clientMessageId} twice`)
      answered.add(ack.clientMessageId)
      if (!byId.has(ack.clientMessageId)) wrong(`${ack.clientMessageId} was acknowledged and never sent`)
      if (ack.error !== undefined) wrong(`${ack.clientMessageId} was refused: ${ack.error}`)
    }
    for (const id of byId.keys()) if (!answered.has(id)) wrong(`${id} was sent and never answered`)
    const stored = new Map<string, number>()
    for (const row of database.messages) {
      if (row.clientMessageId === null) continue
      const send = byId.get(row.clientMessageId)
      if (stored.has(row.clientMessageId)) wrong(`${row.clientMessageId} is stored twice`)
      stored.set(row.clientMessageId, row.seq)
      if (send === undefined) wrong(`seq ${row.seq} was never sent`)
      else if (userOf.get(send.nick) !== row.senderId) wrong(`seq ${row.seq} is stored under another sender`)
      else if (row.type !== send.type || !hasText(row.body, send.text)) wrong(`seq ${row.seq} is not what was sent`)
    }
    for (const ack of acks) {
      if (ack.error === undefined && stored.get(ack.clientMessageId) !== ack.seq) {
        wrong(`${ack.clientMessageId} was acknowledged as seq ${ack.seq}, MySQL has ${stored.get(ack.clientMessageId)}`)
      }
    }
    if (byId.size !== run.lines) wrong(`${run.lines} lines, ${byId.size} sends`)
  })
}

/** I2: 1, 2, 3, … and the counter agrees. */
export function checkGapFree(database: Database): Promise<Findings> {
  return check('I2 gap-free', 'seqs are 1 … last_seq, each once', (wrong) => {
    for (const [i, row] of database.messages.entries())
      if (row.seq !== i + 1) wrong(`place ${i + 1} holds seq ${row.seq}`)
    if (database.messages.length !== database.lastSeq) {
      wrong(`${database.messages.length} rows, last_seq is ${database.lastSeq}`)
    }
  })
}

/** The conversation is the file: as a whole in log order, author by author in author order. */
export function checkAgainstFile(run: Run, spoken: readonly Spoken[], database: Database): Promise<Findings> {
  return check(
    'FILE',
    `MySQL holds the file, ${run.order === 'log' ? 'line by line' : "each author's lines in order"}`,
    (wrong) => {
      const nickOf = new Map(run.members.map((member) => [member.userId, member.nick]))
      for (const { userId, nick } of run.members) {
        if (database.names.get(userId) !== nick) wrong(`user ${userId} is not called as its nick in the file`)
      }
      const stored = database.messages
        .filter((row) => row.clientMessageId !== null)
        .map((row) => ({ nick: nickOf.get(row.senderId) ?? '', type: row.type, text: textOf(row.body), seq: row.seq }))
      const expected = spoken.slice(0, run.lines)
      if (run.order === 'log') compare('the file', expected, stored, wrong)
      else
        for (const nick of new Set(expected.map((line) => line.nick)))
          compare(nick, of(nick, expected), of(nick, stored), wrong)
    },
  )
}

function compare(
  what: string,
  expected: readonly Spoken[],
  stored: readonly { nick: string; type: string; text: string; seq: number }[],
  wrong: (what: string) => void,
): void {
  if (expected.length !== stored.length) wrong(`${what}: ${expected.length} lines, ${stored.length} stored`)
  for (const [i, line] of expected.entries()) {
    const row = stored[i]
    if (row === undefined) return
    if (row.nick !== line.nick || row.type !== line.type || row.text !== line.text)
      wrong(`${what}: line ${i + 1} differs from seq ${row.seq}`)
  }
}

function of<T extends { nick: string }>(nick: string, lines: readonly T[]): T[] {
  return lines.filter((line) => line.nick === nick)
}

function hasText(body: unknown, text: string): boolean {
  return textOf(body) === text
}

function textOf(body: unknown): string {
  return (body as { text?: string }).text ?? ''
}
