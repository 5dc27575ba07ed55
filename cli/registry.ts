import type { Command } from './context.ts'

/** In the order of `./gochat help`. A command is a file that exports `summary`, `usage` and `run`. */
export const COMMANDS: Record<string, () => Promise<Command>> = {
  up: () => import('./commands/up.ts'),
  down: () => import('./commands/down.ts'),
  status: () => import('./commands/status.ts'),
  logs: () => import('./commands/logs.ts'),
  chat: () => import('./commands/chat.ts'),
  tasks: () => import('./commands/tasks.ts'),
  admin: () => import('./commands/admin.ts'),
  suspend: () => import('./commands/suspend.ts'),
  sql: () => import('./commands/sql.ts'),
  temporal: () => import('./commands/temporal.ts'),
  tctl: () => import('./commands/tctl.ts'),
  env: () => import('./commands/env.ts'),
  check: () => import('./commands/check.ts'),
  test: () => import('./commands/test.ts'),
  bench: () => import('./commands/bench.ts'),
  replay: () => import('./commands/replay.ts'),
  verify: () => import('./commands/verify.ts'),
  help: () => import('./commands/help.ts'),
}
