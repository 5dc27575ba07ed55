/**
 * MySQL: one pool behind kysely, one lean connection for the message path, migrations from plain SQL files.
 * Promises: every query, wait for a connection and transaction is bounded; a lost connection is UNAVAILABLE, a timeout DEADLINE_EXCEEDED.
 * Promises: READ COMMITTED, UTC, strict mode; affected rows count matched rows; BIGINT (COUNT too) arrives as string, JSON as text.
 * Does not: repeat a transaction whose outcome is unknown. Only a deadlock or a lock timeout, which were rolled back, is retried.
 * Use: `const mysql = createMysql<Database>({ url, poolSize, log, metrics })`; `mysql.db.selectFrom(…)`; `mysql.transaction((tx) => …)`.
 */
export { isDeadlock, isDuplicateKey, translateError } from './errors.ts'
export { type HotConnection, type HotSession, type SqlResult } from './hot-connection.ts'
export { migrate, type MigrateOptions } from './migrate.ts'
export { createMysql, type Mysql, type MysqlOptions } from './mysql.ts'
export { type TransactionOptions } from './transaction.ts'
