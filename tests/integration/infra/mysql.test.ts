import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { sql, type Generated } from 'kysely'

import type { AppError } from '#infra/errors/index.ts'
import {
  createMysql,
  isDuplicateKey,
  migrate,
  type HotSession,
  type Mysql,
  type MysqlOptions,
} from '#infra/mysql/index.ts'
import { silentLogger, stackEnv, testMetrics, waitFor } from '#infra/testing/index.ts'

import { startProxy } from './proxy.ts'

interface Database {
  accounts: { id: string; name: string; balance: number; made_at: Generated<Date> }
}

const log = silentLogger()
const metrics = testMetrics()
const adminUrl = new URL(stackEnv().mysqlUrl)
const database = `${adminUrl.pathname.slice(1)}_infra_${process.pid}`
const url = databaseUrl()
const folder = await mkdtemp(join(tmpdir(), 'gochat-migrations-'))
let mysql: Mysql<Database>

before(async () => {
  await administer(`CREATE DATABASE ${database}`)
  await writeFile(
    join(folder, '0001-accounts.sql'),
    `CREATE TABLE accounts (id BIGINT UNSIGNED PRIMARY KEY, name VARBINARY(64) NOT NULL, balance INT NOT NULL,
       made_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), UNIQUE KEY (name)) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_bin;
     CREATE TABLE notes (id BIGINT UNSIGNED PRIMARY KEY, body JSON);`,
  )
  await migrate({ url, folder, log })
  mysql = open()
})

after(async () => {
  await mysql?.[Symbol.asyncDispose]()
  await administer(`DROP DATABASE IF EXISTS ${database}`)
  await rm(folder, { recursive: true })
})

test('example: insert, read, and change in a transaction', async () => {
  await mysql.db.insertInto('accounts').values({ id: '18446744073709551615', name: 'Ann', balance: 5 }).execute()
  const left = await mysql.transaction(async (tx) => {
    await tx
      .updateTable('accounts')
      .set({ balance: sql`balance - 2` })
      .where('name', '=', 'Ann')
      .execute()
    return tx.selectFrom('accounts').select(['id', 'balance']).where('name', '=', 'Ann').executeTakeFirstOrThrow()
  })
  assert.deepEqual(left, { id: '18446744073709551615', balance: 3 })
})

test('sessions are READ COMMITTED, UTC, strict and binary, whichever connection answers', async () => {
  const settings = async () => {
    const { rows } = await sql<Record<string, string>>`SELECT @@session.time_zone AS zone, @@session.sql_mode AS mode,
      @@session.collation_connection AS collation`.execute(mysql.db)
    return rows[0]
  }
  for (const row of await Promise.all([settings(), settings(), settings()])) {
    assert.equal(row?.['zone'], '+00:00')
    assert.equal(row?.['collation'], 'utf8mb4_bin')
    assert.match(row?.['mode'] ?? '', /STRICT_ALL_TABLES/)
  }
  // The name of the variable differs between MySQL and MariaDB; the behaviour does not: a second read sees a newer commit.
  await mysql.db.insertInto('accounts').values({ id: '1', name: 'isolation', balance: 1 }).execute()
  const read = (db: Mysql<Database>['db']) =>
    db.selectFrom('accounts').select('balance').where('id', '=', '1').executeTakeFirstOrThrow()
  await mysql.transaction(async (tx) => {
    assert.equal((await read(tx)).balance, 1)
    await mysql.db.updateTable('accounts').set({ balance: 2 }).where('id', '=', '1').execute()
    assert.equal((await read(tx)).balance, 2)
  })
})

test('affected rows count the matched rows, in the pool and on the hot connection', async () => {
  await mysql.db.insertInto('accounts').values({ id: '2', name: 'matched', balance: 7 }).execute()
  const same = await mysql.db.updateTable('accounts').set({ balance: 7 }).where('id', '=', '2').executeTakeFirst()
  assert.equal(same.numUpdatedRows, 1n)
  await using hot = mysql.hotConnection()
  const result = await run(await hot.ready(3_000), 'UPDATE accounts SET balance = 7 WHERE id = ?', ['2'])
  assert.equal((result as { affectedRows: number }).affectedRows, 1)
})

test('names that differ in case or trailing space are different, equal ones are a duplicate key', async () => {
  const insert = (id: string, name: string) =>
    mysql.db.insertInto('accounts').values({ id, name, balance: 0 }).execute()
  await insert('10', 'bob')
  await insert('11', 'Bob')
  await insert('12', 'bob ')
  await insert('13', 'böb🙂')
  await assert.rejects(insert('14', 'bob'), (error) => isDuplicateKey(error))
  const { rows } = await sql<{ name: Buffer }>`SELECT name FROM accounts WHERE name = ${'böb🙂'}`.execute(mysql.db)
  assert.equal(rows[0]?.name.toString(), 'böb🙂')
})

test('counts and BIGINT are strings, JSON is text, times are UTC', async () => {
  await sql`INSERT INTO notes VALUES (9007199254740993, '{"a": 1}')`.execute(mysql.db)
  const { rows } = await sql<Record<string, unknown>>`SELECT id, body, (SELECT COUNT(*) FROM notes) AS n,
    TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW()) AS skew FROM notes`.execute(mysql.db)
  assert.deepEqual(rows[0], { id: '9007199254740993', body: '{"a": 1}', n: '1', skew: '0' })
})

test('a deadlock is repeated until both transactions are done', async () => {
  await mysql.db
    .insertInto('accounts')
    .values([
      { id: '20', name: 'x', balance: 0 },
      { id: '21', name: 'y', balance: 0 },
    ])
    .execute()
  let attempts = 0
  const bump = (first: string, second: string) =>
    mysql.transaction(async (tx) => {
      attempts += 1
      const add = (id: string) =>
        tx
          .updateTable('accounts')
          .set({ balance: sql`balance + 1` })
          .where('id', '=', id)
          .execute()
      await add(first)
      await sql`SELECT SLEEP(0.1)`.execute(tx)
      await add(second)
    })
  await Promise.all([bump('20', '21'), bump('21', '20')])
  const rows = await mysql.db.selectFrom('accounts').select('balance').where('id', 'in', ['20', '21']).execute()
  assert.deepEqual(rows, [{ balance: 2 }, { balance: 2 }])
  assert.ok(attempts > 2, 'there was a deadlock')
})

test('a transaction that takes too long leaves nothing behind, and frees its connection and its locks', async () => {
  await using single = open({ poolSize: 1 })
  const work = single.transaction(
    async (tx) => {
      await tx.insertInto('accounts').values({ id: '30', name: 'late', balance: 0 }).execute()
      await sql`SELECT SLEEP(1)`.execute(tx)
      await tx.insertInto('accounts').values({ id: '31', name: 'later', balance: 0 }).execute()
    },
    { timeoutMs: 150 },
  )
  await assert.rejects(work, { code: 'DEADLINE_EXCEEDED' })
  await waitFor(
    async () => {
      await single.db.insertInto('accounts').values({ id: '30', name: 'late', balance: 1 }).execute()
      return true
    },
    { what: 'the row lock to be free' },
  )
  const rows = await mysql.db.selectFrom('accounts').select('id').where('id', 'in', ['30', '31']).execute()
  assert.deepEqual(rows, [{ id: '30' }])
})

test('a query that does not answer in time fails, and the next query gets its own answer', async () => {
  await using single = open({ poolSize: 1, queryTimeoutMs: 100 })
  await assert.rejects(sql`SELECT SLEEP(0.4)`.execute(single.db), { code: 'DEADLINE_EXCEEDED' })
  const { rows } = await sql<{ n: number }>`SELECT 7 AS n`.execute(single.db)
  assert.deepEqual(rows, [{ n: 7 }])
})

test('who waits too long, or too many, for a connection is turned away', async () => {
  await using single = open({ poolSize: 1, acquireTimeoutMs: 100, maxWaiting: 1 })
  const slow = sql`SELECT SLEEP(0.4)`.execute(single.db)
  const waiting = sql`SELECT 1`.execute(single.db)
  await assert.rejects(sql`SELECT 1`.execute(single.db), { code: 'OVERLOADED' })
  await assert.rejects(waiting, { code: 'OVERLOADED' })
  await slow
  await single.ping()
})

test('an absent server is UNAVAILABLE', async () => {
  const nowhere = new URL(url)
  nowhere.port = '1'
  await using absent = open({ url: nowhere.href })
  await assert.rejects(absent.ping(), { code: 'UNAVAILABLE' })
})

test('the hot connection sends a transaction in two packets, and a failed statement leaves the rest undone', async () => {
  await using hot = mysql.hotConnection()
  const session = await hot.ready(3_000)
  const first = await run(
    session,
    "BEGIN; INSERT INTO accounts (id, name, balance) VALUES (?, 'hot', 0); SELECT 5 AS five",
    ['40'],
  )
  assert.deepEqual((first as unknown[])[2], [{ five: 5 }])
  await run(session, 'UPDATE accounts SET balance = 1 WHERE id = 40; COMMIT', [])

  const failing = run(session, "BEGIN; INSERT INTO accounts (id, name, balance) VALUES (41, 'hot', 0); COMMIT", [])
  await assert.rejects(failing, (error) => isDuplicateKey(error))
  await run(session, 'ROLLBACK', [])
  const rows = await mysql.db.selectFrom('accounts').select(['id', 'balance']).where('name', '=', 'hot').execute()
  assert.deepEqual(rows, [{ id: '40', balance: 1 }])
})

test('a hot session that lost its connection between two packets never runs the second one', async () => {
  await using proxy = await throughProxy()
  await using proxied = open({ url: proxy.url })
  await using hot = proxied.hotConnection()
  const session = await hot.ready(3_000)
  await run(session, "BEGIN; INSERT INTO accounts (id, name, balance) VALUES (50, 'half', 0)", [])
  proxy.cut()
  const second = "INSERT INTO accounts (id, name, balance) VALUES (51, 'other half', 0); COMMIT"
  await assert.rejects(run(session, second, []), { code: 'UNAVAILABLE' })

  const next = await waitFor(() => hot.ready(3_000).then((fresh) => (fresh === session ? undefined : fresh)), {
    what: 'a new session',
  })
  assert.equal(session.isOpen, false)
  await assert.rejects(run(session, second, []), { code: 'UNAVAILABLE' })
  await run(next, 'SELECT 1', [])
  const rows = await mysql.db.selectFrom('accounts').select('id').where('id', 'in', ['50', '51']).execute()
  assert.deepEqual(rows, [])
})

test('a hot query that the server leaves unanswered ends in time, and so does the unsent one behind it', async () => {
  await using proxy = await throughProxy()
  await using proxied = open({ url: proxy.url, queryTimeoutMs: 200 })
  await using hot = proxied.hotConnection()
  const session = await hot.ready(3_000)
  proxy.freeze()
  const outcomes = await Promise.allSettled([run(session, 'SELECT 1', []), run(session, 'SELECT 2', [])])
  const codes = outcomes.map((o) => (o.status === 'rejected' ? (o.reason as AppError).code : o.status))
  assert.deepEqual(codes, ['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED'])
  assert.throws(() => hot.session(), { code: 'UNAVAILABLE' })
})

test('migrations run once each, in order, also when two processes start at the same time', async () => {
  await writeFile(join(folder, '0002-more.sql'), 'ALTER TABLE notes ADD COLUMN title VARCHAR(10)')
  const outcomes = await Promise.all([migrate({ url, folder, log }), migrate({ url, folder, log })])
  assert.deepEqual(outcomes.flat(), ['0002-more'])
  await writeFile(
    join(folder, '0003-broken.sql'),
    'CREATE TABLE fine (id INT PRIMARY KEY); SELECT nonsense FROM nowhere',
  )
  await assert.rejects(migrate({ url, folder, log }), /nowhere/)
})

function open(more: Partial<MysqlOptions> = {}): Mysql<Database> {
  return createMysql<Database>({ url, poolSize: 4, log, metrics, ...more })
}

function run(session: HotSession, text: string, values: unknown[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    session.query(text, values as string[], (error, result) => (error ? reject(error) : resolve(result)))
  })
}

function databaseUrl(): string {
  const own = new URL(adminUrl)
  own.pathname = `/${database}`
  return own.href
}

async function administer(statement: string): Promise<void> {
  await using admin = createMysql<unknown>({ url: adminUrl.href, log, metrics })
  await sql.raw(statement).execute(admin.db)
}

async function throughProxy() {
  const proxy = await startProxy(adminUrl.hostname, Number(adminUrl.port || 3306))
  const proxied = new URL(url)
  proxied.hostname = '127.0.0.1'
  proxied.port = String(proxy.port)
  return Object.assign(proxy, { url: proxied.href })
}
