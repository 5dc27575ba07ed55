import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Kysely, MysqlDialect, sql } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import { createPool } from 'mysql2'

import type { Logger } from '#infra/logger/index.ts'

import { connectionOptions } from './settings.ts'

export interface MigrateOptions {
  /** mysql://user:password@host:port/database; the database must exist. */
  readonly url: string
  /** Absolute path of a folder of `NNNN-name.sql` files, applied in order of name. Each may hold several statements. */
  readonly folder: string
  readonly log: Logger
}

/**
 * Brings the schema to the newest version. Safe to run from several processes at once: the library's lock lets one work and
 * the others wait. DDL is not transactional in MySQL, so a file that fails in its middle must be written to be run again.
 * Returns the names that were applied now; throws the first error.
 */
export async function migrate({ url, folder, log }: MigrateOptions): Promise<readonly string[]> {
  // Not the application's pool: DDL takes as long as it takes, and only here may a text hold several statements.
  const pool = createPool({ ...connectionOptions(url), connectionLimit: 2, multipleStatements: true })
  const db = new Kysely<unknown>({ dialect: new MysqlDialect({ pool }) })
  try {
    const migrator = new Migrator({ db, provider: { getMigrations: () => readMigrations(folder) } })
    const { error, results = [] } = await migrator.migrateToLatest()
    const applied: string[] = []
    for (const { migrationName, status } of results) {
      if (status === 'Success') applied.push(migrationName)
      if (status === 'Error') log.error({ migration: migrationName }, 'migration failed')
    }
    if (error !== undefined) throw error
    if (applied.length > 0) log.info({ applied }, 'schema migrated')
    return applied
  } finally {
    await db.destroy()
  }
}

/** Exported for its test. */
export async function readMigrations(folder: string): Promise<Record<string, Migration>> {
  const migrations: Record<string, Migration> = {}
  for (const file of (await readdir(folder)).sort()) {
    const name = fileName.exec(file)?.[1]
    if (name === undefined) throw new Error(`${join(folder, file)} is not named NNNN-name.sql`)
    const text = await readFile(join(folder, file), 'utf8')
    migrations[name] = {
      async up(db) {
        await sql.raw(text).execute(db)
      },
    }
  }
  return migrations
}

const fileName = /^(\d{4}-[a-z0-9-]+)\.sql$/
