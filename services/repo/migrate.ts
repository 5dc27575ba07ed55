import { join } from 'node:path'
import { Type } from 'typebox'
import { baseConfig, mysqlConfig, readConfig } from '#infra/config/index.ts'
import { createLogger } from '#infra/logger/index.ts'
import { migrate as applyMigrations } from '#infra/mysql/index.ts'

/** Brings the schema of GOCHAT_MYSQL_URL to the newest version. Safe to run at any time, from several processes at once. */
export async function migrate(env: NodeJS.ProcessEnv = process.env): Promise<readonly string[]> {
  const { GOCHAT_MYSQL_URL, GOCHAT_LOG_LEVEL } = readConfig(schema, env)
  const log = createLogger({ name: 'migrate', instance: 'migrate', level: GOCHAT_LOG_LEVEL })
  return applyMigrations({ url: GOCHAT_MYSQL_URL, folder: join(import.meta.dirname, 'migrations'), log })
}

const schema = Type.Object({
  GOCHAT_MYSQL_URL: mysqlConfig.properties.GOCHAT_MYSQL_URL,
  GOCHAT_LOG_LEVEL: baseConfig.properties.GOCHAT_LOG_LEVEL,
})

if (import.meta.main) await migrate()
