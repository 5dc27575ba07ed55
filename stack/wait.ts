import { setTimeout as sleep } from 'node:timers/promises'

/** Repeats `attempt` until it does not throw; after `timeoutMs` throws its last error. */
export async function waitUntil<T>(
  attempt: () => Promise<T>,
  options: { timeoutMs: number; intervalMs?: number; signal?: AbortSignal | undefined },
): Promise<T> {
  const deadline = Date.now() + options.timeoutMs
  for (;;) {
    options.signal?.throwIfAborted()
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() >= deadline) throw error
    }
    await sleep(options.intervalMs ?? 100, undefined, options.signal ? { signal: options.signal } : {})
  }
}

/** Rejects after `timeoutMs`; the work itself is not stopped, so it must have an end of its own. */
export async function withTimeout<T>(work: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no answer within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
