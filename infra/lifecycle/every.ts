export interface EveryOptions {
  /** Aborting it ends the loop; the run that is under way sees the same abort. */
  readonly signal?: AbortSignal
  /** What a failed run is worth. The loop goes on. */
  readonly onError: (error: unknown) => void
  /** True: the loop does not keep the process alive. Default false. */
  readonly unref?: boolean
  /** The share of each gap that is random, 0 to 1, so that processes do not beat in step. Default 0. */
  readonly jitter?: number
}

export interface Loop extends Disposable, AsyncDisposable {}

/**
 * Runs `fn` again and again, `ms` after its last run ended: it never overlaps itself, and a slow run delays the next.
 * The first run comes after one gap. Disposing ends the loop; asynchronously, also waits for the run under way.
 */
export function every(ms: number, fn: (signal: AbortSignal) => Promise<void> | void, options: EveryOptions): Loop {
  const { jitter = 0, onError } = options
  const controller = new AbortController()
  let running: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout

  function schedule(): void {
    if (controller.signal.aborted) return
    timer = setTimeout(
      () => {
        running = run().then(schedule)
      },
      ms * (1 - jitter * Math.random()),
    )
    if (options.unref === true) timer.unref()
  }

  async function run(): Promise<void> {
    try {
      await fn(controller.signal)
    } catch (error) {
      if (!controller.signal.aborted) onError(error)
    }
  }

  function stop(): void {
    options.signal?.removeEventListener('abort', stop)
    clearTimeout(timer)
    controller.abort()
  }

  options.signal?.addEventListener('abort', stop)
  if (options.signal?.aborted === true) stop()
  schedule()
  return {
    [Symbol.dispose]: stop,
    async [Symbol.asyncDispose]() {
      stop()
      await running
    },
  }
}
