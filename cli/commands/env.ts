import { parseArgs } from 'node:util'
import { openStack, type CommandContext } from '../context.ts'
import { processEnv } from '../plan.ts'

export const summary = 'print the environment of our processes, to run one by hand'
export const usage = 'env     for a shell: eval "$(./gochat env)"'

export async function run(args: string[], context: CommandContext): Promise<number> {
  parseArgs({ args, options: {} })
  const env = processEnv(context.profile, await openStack(context))
  for (const [name, value] of Object.entries(env)) console.log(`export ${name}='${value.replaceAll("'", "'\\''")}'`)
  return 0
}
