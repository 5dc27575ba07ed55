import { join } from 'node:path'
import { readCredentials } from '#stack/credentials.ts'
import { createProfile, isProfileName, type Profile } from '#stack/profile.ts'
import { UsageError, type Command } from './context.ts'
import { COMMANDS } from './registry.ts'

const EXIT_USAGE = 2

// `./gochat up | head` still brings everything up.
process.stdout.on('error', () => {})
process.exitCode = await main(process.argv.slice(2))

async function main(argv: string[]): Promise<number> {
  try {
    const { args, profile } = takeProfile(argv)
    await readCredentials(profile) // refuses another profile's folder
    const [name = 'help', ...rest] = args
    const load = COMMANDS[['-h', '--help'].includes(name) ? 'help' : name]
    if (load === undefined) throw new UsageError(`There is no command "${name}". See ./gochat help`)
    return await runCommand(await load(), rest, profile)
  } catch (error) {
    return explain(error)
  }
}

async function runCommand(command: Command, args: string[], profile: Profile): Promise<number> {
  if (args.length === 1 && (args[0] === '--help' || args[0] === '-h')) {
    console.log(`${command.summary}\n\nUsage: ./gochat ${command.usage}`)
    return 0
  }
  try {
    return await command.run(args, { profile, root: profile.root })
  } catch (error) {
    if (!isUsageError(error)) throw error
    throw new UsageError(`${error.message}\nUsage: ./gochat ${command.usage}`)
  }
}

/** `--profile NAME` stands before the command, or after it as long as the arguments are ours: before a `--`. */
function takeProfile(argv: string[]): { args: string[]; profile: Profile } {
  const args = [...argv]
  const end = args.indexOf('--')
  const at = args.findIndex((arg, i) => (end < 0 || i < end) && /^--profile(=|$)/.test(arg))
  let name = process.env['GOCHAT_PROFILE'] || 'dev'
  if (at >= 0) {
    const isJoined = args[at]!.includes('=')
    name = (isJoined ? args[at]!.slice('--profile='.length) : args[at + 1]) ?? ''
    args.splice(at, isJoined ? 1 : 2)
  }
  if (!isProfileName(name)) throw new UsageError(`There is no profile "${name}": --profile dev or --profile test`)
  return { args, profile: createProfile(name, join(import.meta.dirname, '..'), process.env) }
}

function explain(error: unknown): number {
  const message = error instanceof Error ? error.message : String(error)
  console.error(`\ngochat: ${message}`)
  if (process.env['GOCHAT_DEBUG'] && error instanceof Error) console.error(error.stack)
  return isUsageError(error) ? EXIT_USAGE : 1
}

function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError) return true
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_')
}
