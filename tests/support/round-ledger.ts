import assert from 'node:assert/strict'
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise'
import { waitFor } from '#infra/testing/index.ts'

/**
 * Every page that was ever counted, written down by the database itself: triggers on fanout_cursors, in test databases only. So
 * what is judged is what was committed, whoever committed it.
 */
export interface RoundLedger extends AsyncDisposable {
  /** Resolves when every member is settled up to the head. */
  untilSettled(conversationId: string, timeoutMs?: number): Promise<void>
  /**
   * Fails unless each member got one outcome, and one only, for every range of seqs, and the ranges follow each other; where
   * the conversation was direct for a while, with that left out.
   */
  check(conversationId: string, options?: { readonly wasDirect?: boolean }): Promise<Account>
  cursor(conversationId: string): Promise<Cursor | undefined>
}

export interface Account {
  readonly rounds: number
  readonly pages: number
  /** Members counted, over all rounds. */
  readonly settled: number
}

export interface Cursor {
  readonly epoch: number
  readonly settledSeq: number
  readonly roundSeq: number
  readonly afterUserId: string
  readonly total: Readonly<Record<Outcome, number>>
}

const outcomes = ['live', 'repaired', 'pushed', 'muted', 'parked', 'skipped'] as const
type Outcome = (typeof outcomes)[number]
const sum = (row: string, prefix: string) => outcomes.map((name) => `${row}.${prefix}_${name}`).join(' + ')

const statements = [
  `CREATE TABLE IF NOT EXISTS test_pages (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  conversation_id BIGINT UNSIGNED NOT NULL, epoch BIGINT UNSIGNED NOT NULL, from_seq INT UNSIGNED NOT NULL, to_seq INT UNSIGNED NOT NULL,
  after_user_id BIGINT UNSIGNED NOT NULL, up_to_user_id BIGINT UNSIGNED NULL, counted INT NOT NULL, KEY (conversation_id))`,
  `CREATE OR REPLACE TRIGGER test_pages_counted AFTER UPDATE ON fanout_cursors FOR EACH ROW
IF NEW.rounds > OLD.rounds THEN
  INSERT INTO test_pages (conversation_id, epoch, from_seq, to_seq, after_user_id, up_to_user_id, counted)
  VALUES (NEW.conversation_id, NEW.epoch, OLD.settled_seq, NEW.settled_seq, OLD.after_user_id, NULL,
    (${sum('NEW', 'last')}) - (${sum('OLD', 'round')}));
ELSEIF NEW.after_user_id <> OLD.after_user_id OR (${sum('NEW', 'round')}) <> (${sum('OLD', 'round')}) THEN
  INSERT INTO test_pages (conversation_id, epoch, from_seq, to_seq, after_user_id, up_to_user_id, counted)
  VALUES (NEW.conversation_id, NEW.epoch, OLD.settled_seq, OLD.round_seq, OLD.after_user_id, NEW.after_user_id,
    (${sum('NEW', 'round')}) - (${sum('OLD', 'round')}));
END IF`,
]

export async function openRoundLedger(mysqlUrl: string): Promise<RoundLedger> {
  const connection = await createConnection({
    uri: mysqlUrl,
    supportBigNumbers: true,
    bigNumberStrings: true,
    connectTimeout: 5000,
  })
  for (const statement of statements) await connection.query(statement)
  const ledger: RoundLedger = {
    async untilSettled(conversationId, timeoutMs = 60_000) {
      const sql = `SELECT c.settled_seq = IF(k.delivery_class = 2, k.last_seq, k.class_since_seq - 1) AS is_settled
FROM fanout_cursors c JOIN conversations k ON k.id = c.conversation_id WHERE c.conversation_id = ?`
      const isSettled = async () => Number((await rowsOf(connection, sql, [conversationId]))[0]?.['is_settled']) === 1
      await waitFor(isSettled, { timeoutMs, pollMs: 100, what: `every member of ${conversationId} settled` })
    },
    async check(conversationId, { wasDirect = false } = {}) {
      const pages = await rowsOf(connection, 'SELECT * FROM test_pages WHERE conversation_id = ? ORDER BY id', [
        conversationId,
      ])
      return judge(pages.map(toPage), wasDirect, (page) => countMembers(connection, conversationId, page))
    },
    async cursor(conversationId) {
      const sql = 'SELECT * FROM fanout_cursors WHERE conversation_id = ?'
      const row = (await rowsOf(connection, sql, [conversationId]))[0]
      return row && toCursor(row)
    },
    [Symbol.asyncDispose]: () => connection.end(),
  }
  return ledger
}

interface Page {
  readonly fromSeq: number
  readonly toSeq: number
  readonly afterUserId: string
  /** Undefined: the last of its round. */
  readonly upToUserId: string | undefined
  readonly counted: number
}

/** Pages tile the members of a round, rounds tile the log; each page counts just the members that it spans. */
async function judge(
  pages: readonly Page[],
  wasDirect: boolean,
  countOf: (page: Page) => Promise<number>,
): Promise<Account> {
  let rounds = 0
  let settled = 0
  let next: { fromSeq: number; afterUserId: string } | undefined
  for (const page of pages) {
    const at = { fromSeq: page.fromSeq, afterUserId: page.afterUserId }
    const isGap = wasDirect && next?.afterUserId === '0' && at.afterUserId === '0' && at.fromSeq > next.fromSeq
    if (!isGap) assert.deepEqual(at, next ?? at, 'a page was left out, or counted twice')
    assert.equal(
      page.counted,
      await countOf(page),
      `members of the page behind ${page.afterUserId}, up to ${page.toSeq}`,
    )
    settled += page.counted
    const isLast = page.upToUserId === undefined
    if (isLast) rounds++
    next = isLast ? { fromSeq: page.toSeq, afterUserId: '0' } : { fromSeq: page.fromSeq, afterUserId: page.upToUserId! }
  }
  return { rounds, pages: pages.length, settled }
}

async function countMembers(connection: Connection, conversationId: string, page: Page): Promise<number> {
  const sql = `SELECT COUNT(*) AS count FROM members WHERE conversation_id = ? AND user_id > ? AND user_id <= ?
AND join_seq < ? AND (leave_seq = 0 OR leave_seq > ?)`
  const upTo = page.upToUserId ?? '18446744073709551615'
  const values = [conversationId, page.afterUserId, upTo, page.toSeq, page.fromSeq]
  return Number((await rowsOf(connection, sql, values))[0]?.['count'])
}

function toPage(row: RowDataPacket): Page {
  return {
    fromSeq: Number(row['from_seq']),
    toSeq: Number(row['to_seq']),
    afterUserId: String(row['after_user_id']),
    upToUserId: row['up_to_user_id'] === null ? undefined : String(row['up_to_user_id']),
    counted: Number(row['counted']),
  }
}

function toCursor(row: RowDataPacket): Cursor {
  return {
    epoch: Number(row['epoch']),
    settledSeq: Number(row['settled_seq']),
    roundSeq: Number(row['round_seq']),
    afterUserId: String(row['after_user_id']),
    total: Object.fromEntries(outcomes.map((name) => [name, Number(row[`total_${name}`])])) as Cursor['total'],
  }
}

async function rowsOf(connection: Connection, sql: string, values: unknown[]): Promise<RowDataPacket[]> {
  return (await connection.query<RowDataPacket[]>({ sql, timeout: 10_000 }, values))[0]
}
