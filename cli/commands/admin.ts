import { parseArgs } from 'node:util'
import { createConnection, type ResultSetHeader } from 'mysql2/promise'
import { openStack, UsageError, type CommandContext } from '../context.ts'

export const summary = 'make a user an admin, who may steer tasks under /admin'
export const usage = 'admin NAME [--revoke]     counts from the next login or refresh of NAME on'

const TIMEOUT_MS = 5_000

export async function run(args: string[], context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { revoke: { type: 'boolean', default: false } },
  })
  const [name, ...more] = positionals
  if (name === undefined || more.length > 0) throw new UsageError('Name one user.')
  const { env } = await openStack(context)
  if (!(await setAdmin(env['GOCHAT_MYSQL_URL']!, name, !values.revoke))) throw new Error(`There is no user ${name}.`)
  console.log(`${name} is ${values.revoke ? 'no admin any more' : 'an admin'}, from the next login or refresh on.`)
  return 0
}

/** False: there is no such user. */
async function setAdmin(url: string, name: string, isAdmin: boolean): Promise<boolean> {
  const connection = await createConnection({ uri: url, connectTimeout: TIMEOUT_MS })
  try {
    const query = { timeout: TIMEOUT_MS }
    const change = 'UPDATE users SET is_admin = ? WHERE name = ?'
    const [{ affectedRows }] = await connection.query<ResultSetHeader>({ ...query, sql: change }, [
      isAdmin,
      // Names are compared byte by byte.
      Buffer.from(name),
    ])
    return affectedRows > 0
  } finally {
    await connection.end()
  }
}
