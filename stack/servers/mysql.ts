import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { findProgram } from '../find.ts'
import { serverPort, unixSocketPath } from '../profile.ts'
import { run } from '../run.ts'
import type { ServerContext, ServerDefinition } from '../server.ts'

/**
 * MariaDB, or MySQL's place taken by it: one SQL text runs on both. It runs as the user who called us (a folder of root's may
 * not be open to any other), its root account answers on the unix socket only, to that user only.
 */
export const mysql: ServerDefinition = {
  name: 'mysql',
  title: 'MariaDB',
  variable: 'GOCHAT_MYSQL_URL',
  debianPackages: ['mariadb-server', 'mariadb-client'],
  address: ({ profile, credentials: { mysqlUser, mysqlPassword, mysqlDatabase } }) =>
    `mysql://${mysqlUser}:${mysqlPassword}@127.0.0.1:${serverPort(profile, 'mysql')}/${mysqlDatabase}`,
  ports: (profile) => ({ mysql: serverPort(profile, 'mysql') }),

  async find() {
    const server = await findProgram('mariadbd')
    const install = await findProgram('mariadb-install-db')
    return server && install ? { server, install } : undefined
  },

  async prepare(context, found) {
    const { dir } = context
    const data = join(dir, 'data')
    const file = join(dir, 'my.cnf')
    await writeFile(file, settings(context, data))
    await writeFile(join(dir, 'init.sql'), grants(context), { mode: 0o600 })
    await createDataOnce(file, data, found['install']!)
    return {
      command: found['server']!,
      args: [`--defaults-file=${file}`],
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 30_000,
    }
  },

  async probe(address, timeoutMs) {
    const connection = await createConnection({ uri: address, connectTimeout: timeoutMs })
    try {
      await connection.query({ sql: 'SELECT 1', timeout: timeoutMs })
      await connection.end()
    } finally {
      connection.destroy()
    }
  },
}

function settings({ profile, dir }: ServerContext, data: string): string {
  return `[mariadbd]
user=${userInfo().username}
datadir=${data}
socket=${unixSocketPath(profile, 'mysql/mariadb.sock')}
pid-file=${join(dir, 'mariadb.pid')}
init-file=${join(dir, 'init.sql')}
bind-address=127.0.0.1
port=${serverPort(profile, 'mysql')}
skip-name-resolve
skip-log-bin
max_connections=500
character-set-server=utf8mb4
transaction-isolation=READ-COMMITTED
innodb_flush_log_at_trx_commit=1
innodb_buffer_pool_size=512M
innodb_log_file_size=512M
`
}

/** Runs at every start, so that a changed password or a wiped account heals. Tests make databases of their own beside \`gochat\`. */
function grants({ credentials: { mysqlUser, mysqlPassword, mysqlDatabase } }: ServerContext): string {
  const account = `'${mysqlUser}'@'127.0.0.1'`
  return `CREATE DATABASE IF NOT EXISTS ${mysqlDatabase} CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS ${account};
ALTER USER ${account} IDENTIFIED BY '${mysqlPassword}';
GRANT ALL ON \`${mysqlDatabase}%\`.* TO ${account};
`
}

/** Made under another name and then renamed: a folder that has the name is complete. */
async function createDataOnce(file: string, data: string, install: string): Promise<void> {
  if (
    await access(data).then(
      () => true,
      () => false,
    )
  )
    return
  const fresh = `${data}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { mode: 0o700 })
  await run(
    install,
    [`--defaults-file=${file}`, `--datadir=${fresh}`, `--user=${userInfo().username}`, '--skip-test-db'],
    {
      timeoutMs: 120_000,
    },
  )
  await rename(fresh, data)
}
