import { parseArgs } from 'node:util'
import { isClean, printFindings, verify } from '#tests/verify/verify.ts'
import { openStack, UsageError, type CommandContext } from '../context.ts'

export const summary = 'judge what a replay wrote down, against MySQL and the log that was played'
export const usage = 'verify DIR FILE     exit code 1 when a promise was broken'

export async function run(args: string[], context: CommandContext): Promise<number> {
  const { positionals } = parseArgs({ args, allowPositionals: true, options: {} })
  const [folder, file, ...more] = positionals
  if (folder === undefined || file === undefined || more.length > 0) throw new UsageError('Name DIR and FILE.')
  const { env } = await openStack(context)
  const findings = await verify({ folder, file, mysqlUrl: env['GOCHAT_MYSQL_URL']! })
  printFindings(findings, (line) => console.log(line))
  return isClean(findings) ? 0 : 1
}
