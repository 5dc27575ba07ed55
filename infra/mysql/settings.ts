import type { ConnectionOptions } from 'mysql2'

/** What every connection to MySQL is made with, whoever uses it. */
export function connectionOptions(url: string): ConnectionOptions {
  return {
    uri: url,
    // A binary collation mixes with every column's; what compares how is said by the column.
    charset: 'utf8mb4_bin',
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: true,
    // MariaDB sends JSON as text, MySQL as JSON: text from both.
    jsonStrings: true,
    // FOUND_ROWS is a default of mysql2, named because fencing depends on it: an UPDATE that changes nothing still counts its row.
    flags: ['FOUND_ROWS', '-LOCAL_FILES'],
    connectTimeout: 3_000,
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000,
    trace: false,
  }
}

/** Run once on each new connection. Spelled so that MySQL 8.4 and MariaDB 10.11 both take it. */
export const sessionStatements: readonly string[] = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  "SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 4, sql_mode = 'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
]
