import { findTctl, installTctl } from '#stack/tctl.ts'
import { openStack, type CommandContext } from '../context.ts'
import { passThrough } from '../pass-through.ts'
import { createProgress } from '../progress.ts'

export const summary = "run tctl on this profile's server and namespace, installing it the first time"
export const usage = "tctl [tctl's arguments]     such as: tctl workflow list"

export async function run(args: string[], context: CommandContext): Promise<number> {
  const { env } = await openStack(context)
  // On the standard error, so that what tctl prints can be read by a program.
  const tctl = (await findTctl()) ?? (await createProgress(process.stderr).step('install tctl', installTctl))
  return passThrough(tctl, args, {
    TEMPORAL_CLI_ADDRESS: env['GOCHAT_TEMPORAL_ADDRESS']!,
    TEMPORAL_CLI_NAMESPACE: env['GOCHAT_TEMPORAL_NAMESPACE']!,
  })
}
