import type { HotSession } from '#infra/mysql/index.ts'

/** Sends one packet of statements and resolves with the result of each. */
export function run(session: HotSession, statements: readonly string[]): Promise<readonly unknown[]> {
  return new Promise((resolve, reject) => {
    session.query(statements.join(';'), null, (error, result) => {
      if (error !== null) reject(error)
      // A single statement's result comes bare; its rows would look like a list of results.
      else resolve(statements.length === 1 ? [result] : (result as unknown[]))
    })
  })
}

/** Leaves the session ready for the next transaction, or dead: then the server rolls back by itself. */
export async function rollBack(session: HotSession): Promise<void> {
  if (session.isOpen) await run(session, ['ROLLBACK']).catch(() => undefined)
}

/**
 * The database refuses a value: the same request will fail for ever. Everything that is not on this list is taken for a
 * trouble of the moment (disk full, read only, a table that is missing during a deployment): a message is never lost to those.
 */
export function isDataError(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && dataErrors.has(error.errno)
}

const dataErrors = new Set<unknown>([
  1048, // NULL not allowed
  1264, // out of range
  1265, // truncated
  1292, // wrong value for a time
  1300, // not valid in the character set
  1366, // wrong value
  1367, // illegal number
  1406, // too long
  1690, // out of range in an expression: a counter that would fall below zero
  3819, // CHECK, MySQL
  4025, // CHECK, MariaDB
])
