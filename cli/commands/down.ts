import { parseArgs } from 'node:util'
import { bringDown } from '../bring-down.ts'
import type { CommandContext } from '../context.ts'
import { createProgress } from '../progress.ts'

export const summary = 'stop everything'
export const usage = 'down [--wipe]     --wipe also deletes the data, logs and passwords'

export async function run(args: string[], context: CommandContext): Promise<number> {
  const { values } = parseArgs({ args, options: { wipe: { type: 'boolean', default: false } } })
  await bringDown(context, createProgress(), { hasToWipe: values.wipe })
  return 0
}
