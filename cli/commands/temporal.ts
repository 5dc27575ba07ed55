import { temporal } from '#stack/servers/temporal.ts'
import { openStack, type CommandContext } from '../context.ts'
import { passThrough } from '../pass-through.ts'

export const summary = "run the Temporal CLI on this profile's server and namespace"
export const usage = "temporal [the CLI's arguments]     such as: temporal workflow list"

export async function run(args: string[], context: CommandContext): Promise<number> {
  const { env } = await openStack(context)
  const found = await temporal.find()
  if (found === undefined) throw new Error('The Temporal CLI is not there yet: ./gochat up installs it')
  return passThrough(found['server']!, args, {
    TEMPORAL_ADDRESS: env['GOCHAT_TEMPORAL_ADDRESS']!,
    TEMPORAL_NAMESPACE: env['GOCHAT_TEMPORAL_NAMESPACE']!,
  })
}
