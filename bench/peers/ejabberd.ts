/**
 * ejabberd of Debian, with its archive in the profile's own MariaDB, in a database of its own: what it acknowledges is committed
 * under the same innodb_flush_log_at_trx_commit=1 as ours.
 */
import { glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { findProgram } from '#stack/find.ts'
import { installDebianPackages } from '#stack/install.ts'
import { acquireLock } from '#stack/lock.ts'
import { waitUntil } from '#stack/wait.ts'
import type { System } from '../systems/system.ts'
import { createEjabberdSystem } from './ejabberd-system.ts'
import { peerPortOffset, type PeerContext } from './peer.ts'
import { connectXmpp } from './xmpp-connection.ts'

const packages = ['ejabberd', 'erlang-p1-mysql']
const schemaFile = '/usr/share/ejabberd/sql/mysql.sql'
const database = 'gochat_bench_ejabberd'
const installTimeoutMs = 15 * 60_000
const startTimeoutMs = 60_000

export async function startEjabberd(context: PeerContext): Promise<System> {
  const { profile, mysqlUrl, processes, launch, report } = context
  await ensureInstalled(report)
  report('making its database')
  await makeDatabase(mysqlUrl)
  const dir = join(profile.dataDir, 'bench', 'ejabberd')
  // Accounts and rooms of an earlier run are no part of this one.
  await rm(dir, { recursive: true, force: true })
  await mkdir(join(dir, 'mnesia'), { recursive: true, mode: 0o700 })
  const port = profile.portBase + peerPortOffset.ejabberd
  const config = join(dir, 'ejabberd.yml')
  await writeFile(config, settings(port, new URL(mysqlUrl)), { mode: 0o600 })
  report('starting')
  const pid = await launch({
    name: 'ejabberd',
    command: (await findProgram('erl'))!,
    args: [
      '-noinput',
      '-mnesia',
      'dir',
      `"${join(dir, 'mnesia')}"`,
      '+K',
      'true',
      '+P',
      '500000',
      '+Q',
      '65536',
    ].concat(['-s', 'ejabberd']),
    env: {
      ERL_LIBS: (await findLibraries())!,
      EJABBERD_CONFIG_PATH: config,
      EJABBERD_LOG_PATH: join(dir, 'ejabberd.log'),
      ERL_CRASH_DUMP_BYTES: '0',
      HOME: dir,
    },
    port,
  })
  const probe = { user: 'probe', password: 'probe', isNew: true }
  await waitUntil(async () => (await connectXmpp(port, probe)).close(), { timeoutMs: startTimeoutMs })
  const charged = ['mysql', 'driver'].map((group) => [group, processes.get(group) ?? []] as const)
  return createEjabberdSystem(port, new Map([['ejabberd', [pid]], ...charged]))
}

async function ensureInstalled(report: (line: string) => void): Promise<void> {
  if (await isInstalled()) return
  await using _ = await acquireLock('install', { timeoutMs: installTimeoutMs })
  if (!(await isInstalled())) await installDebianPackages(packages, report)
  if (!(await isInstalled())) throw new Error('ejabberd was installed, but cannot be found')
}

async function isInstalled(): Promise<boolean> {
  const hasSchema = await readFile(schemaFile).then(
    () => true,
    () => false,
  )
  return hasSchema && (await findLibraries()) !== undefined && (await findProgram('erl')) !== undefined
}

/** Where Debian puts it: /usr/lib, then the machine's kind. */
async function findLibraries(): Promise<string | undefined> {
  for await (const beam of glob('/usr/lib/*/ejabberd-*/ebin/ejabberd.beam')) return dirname(dirname(dirname(beam)))
  return undefined
}

async function makeDatabase(mysqlUrl: string): Promise<void> {
  const connection = await createConnection({ uri: mysqlUrl, multipleStatements: true, connectTimeout: 5000 })
  try {
    await connection.query(`DROP DATABASE IF EXISTS ${database}; CREATE DATABASE ${database}; USE ${database};`)
    await connection.query(await readFile(schemaFile, 'utf8'))
  } finally {
    await connection.end()
  }
}

/** Nothing is throttled, and nothing is loaded that this does not need. */
function settings(port: number, mysql: URL): string {
  return JSON.stringify({
    hosts: ['localhost'],
    loglevel: 'warning',
    listen: [
      {
        port,
        ip: '127.0.0.1',
        module: 'ejabberd_c2s',
        max_stanza_size: 65_536,
        shaper: 'none',
        access: 'all',
        backlog: 4096,
      },
    ],
    auth_method: ['internal'],
    auth_password_format: 'plain',
    sql_type: 'mysql',
    sql_server: mysql.hostname,
    sql_port: Number(mysql.port),
    sql_database: database,
    sql_username: decodeURIComponent(mysql.username),
    sql_password: decodeURIComponent(mysql.password),
    sql_pool_size: 20,
    registration_timeout: 'infinity',
    modules: {
      mod_register: { access: 'all', ip_access: 'all', welcome_message: {} },
      mod_stream_mgmt: {},
      mod_mam: { db_type: 'sql', default: 'always', request_activates_archiving: false },
      mod_muc: {
        max_users: 20_000,
        min_message_interval: 0,
        min_presence_interval: 0,
        history_size: 0,
        default_room_options: { mam: true, presence_broadcast: [], max_users: 20_000 },
      },
    },
  })
}
