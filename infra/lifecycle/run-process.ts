import type { Logger } from '../logger/index.ts'

export interface ProcessContext {
  /** Aborted when the process is to stop, before anything is disposed. */
  readonly signal: AbortSignal
  /** What lives as long as the process; disposed in reverse order. */
  readonly stack: AsyncDisposableStack
  /** Stops the process like a signal does, but with exit code 1: for what cannot be repaired while running. */
  readonly crash: (reason: unknown) => void
}

export interface ProcessOptions {
  readonly log: Logger
  /** From the request to stop until the process is ended by force, with exit code 1. Default 10 000. */
  readonly stopTimeoutMs?: number
}

/**
 * The life of a process. `main` resolving means that it has started; it then runs until SIGTERM, SIGINT or a crash.
 * Exit code 0 only after a stop that was asked for and a clean disposal. It never calls `process.exit` on the good way:
 * the event loop empties, so that output is flushed and a forgotten handle shows (the watchdog reports it).
 * Resolves when everything is disposed. Called once per process.
 */
export async function runProcess(
  main: (context: ProcessContext) => Promise<void>,
  options: ProcessOptions,
): Promise<void> {
  const { log, stopTimeoutMs = 10_000 } = options
  const stack = new AsyncDisposableStack()
  const controller = new AbortController()
  const stopped = Promise.withResolvers<void>()
  // Signal handlers do not hold the event loop open, and a process without sockets must live too.
  const keepAlive = setInterval(() => undefined, 2 ** 30)
  let isCrashed = false

  function stop(reason: string): void {
    if (controller.signal.aborted) return
    log.info({ reason }, 'stopping')
    // Until proven clean: also when the loop runs empty with the disposal still pending.
    process.exitCode = 1
    setTimeout(forceExit, stopTimeoutMs).unref()
    clearInterval(keepAlive)
    controller.abort(new DOMException(reason, 'AbortError'))
    stopped.resolve()
  }

  function crash(reason: unknown): void {
    log.fatal({ err: toError(reason) }, 'crash')
    isCrashed = true
    process.exitCode = 1
    stop('crash')
  }

  function forceExit(): void {
    log.fatal({ stopTimeoutMs, resources: process.getActiveResourcesInfo() }, 'did not stop in time')
    process.exit(1)
  }

  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // Node makes an unhandled rejection one of these.
  process.on('uncaughtException', crash)

  try {
    await main({ signal: controller.signal, stack, crash })
    if (!controller.signal.aborted) log.info('started')
  } catch (error) {
    // Once a stop was asked for, a start that breaks off is what was asked for.
    if (!controller.signal.aborted) crash(error)
    else log.info({ err: toError(error) }, 'start broken off')
  }
  await stopped.promise
  try {
    await stack.disposeAsync()
    if (!isCrashed) process.exitCode = 0
  } catch (error) {
    crash(error)
  }
  log.info({ exitCode: process.exitCode }, 'stopped')
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
