import { setTimeout } from 'node:timers/promises'

/** Resolves after `ms`; rejects with an AbortError at once when the signal is, or becomes, aborted. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, signal === undefined ? {} : { signal })
}
