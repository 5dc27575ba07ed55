import type { Item } from './item.ts'

/**
 * Frames in which a message got a retryable error: those behind it in the frame must not overtake it, also when they come
 * with a later batch. The rest of a frame lies close behind in the log; what comes later by the broker's clock under the
 * same frame id is the client's new attempt.
 */
export interface FailedFrames {
  fail(item: Item): void
  isFailed(item: Item): boolean
}

const windowMs = 1000
const maxFrames = 1000

export function createFailedFrames(): FailedFrames {
  const untilMs = new Map<string, number>()
  return {
    fail(item) {
      const key = frameKey(item)
      if (key === undefined) return
      untilMs.delete(key)
      untilMs.set(key, item.timestampMs + windowMs)
      for (const oldest of untilMs.keys()) {
        if (untilMs.size <= maxFrames) break
        untilMs.delete(oldest)
      }
    },
    isFailed(item) {
      if (untilMs.size === 0) return false
      const key = frameKey(item)
      return key !== undefined && item.timestampMs <= (untilMs.get(key) ?? -1)
    },
  }
}

function frameKey({ command: { replyTo, conversationId } }: Item): string | undefined {
  if (replyTo === undefined) return undefined
  return `${replyTo.slot} ${replyTo.epoch} ${replyTo.connection} ${conversationId} ${replyTo.request}`
}
