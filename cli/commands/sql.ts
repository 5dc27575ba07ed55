import { findProgram } from '#stack/find.ts'
import { openStack, type CommandContext } from '../context.ts'
import { passThrough } from '../pass-through.ts'

export const summary = "open the database's own client"
export const usage = "sql [the client's arguments]     such as: sql -e 'SHOW TABLES'"

export async function run(args: string[], context: CommandContext): Promise<number> {
  const { env } = await openStack(context)
  const url = new URL(env['GOCHAT_MYSQL_URL']!)
  const client = (await findProgram('mariadb')) ?? (await findProgram('mysql'))
  if (client === undefined) throw new Error('Neither mariadb nor mysql is installed: apt-get install mariadb-client')
  const place = [`--host=${url.hostname}`, `--port=${url.port || '3306'}`, `--user=${decodeURIComponent(url.username)}`]
  const all = ['--no-defaults', '--protocol=tcp', ...place, `--database=${url.pathname.slice(1)}`, ...args]
  return passThrough(client, all, { MYSQL_PWD: decodeURIComponent(url.password) })
}
