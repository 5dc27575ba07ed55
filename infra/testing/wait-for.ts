import { setTimeout } from 'node:timers/promises'

export interface WaitOptions {
  /** Default 5000. */
  readonly timeoutMs?: number
  /** Default 10. */
  readonly pollMs?: number
  /** What is awaited, for the error. */
  readonly what: string
}

/** Polls until `fn` gives something truthy, and returns it. An `fn` that throws counts as not yet. */
export async function waitFor<T>(fn: () => T | Promise<T>, options: WaitOptions): Promise<NonNullable<T>> {
  const { timeoutMs = 5000, pollMs = 10, what } = options
  const deadlineMs = performance.now() + timeoutMs
  for (;;) {
    let last: unknown
    try {
      const value = await fn()
      if (value) return value
      last = value
    } catch (error) {
      last = error
    }
    if (performance.now() >= deadlineMs) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`, { cause: last })
    await setTimeout(pollMs)
  }
}
