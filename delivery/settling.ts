import { translateError, type Redis } from '#infra/redis/index.ts'

/**
 * Which large conversations are being settled right now, in Redis. Whoever settles promises to look for new entries once more
 * after it has cleared its mark, so that nobody needs to wake it while the mark is there. Lost marks cost a poke.
 */
export interface SettlingMarks {
  /** @throws AppError UNAVAILABLE */
  mark(conversationId: string, ttlMs: number): Promise<void>
  /** @throws AppError UNAVAILABLE */
  clear(conversationId: string): Promise<void>
  /** Those of the conversations that are marked. @throws AppError UNAVAILABLE */
  marked(conversationIds: readonly string[]): Promise<ReadonlySet<string>>
}

export function createSettlingMarks({ redis }: { readonly redis: Redis }): SettlingMarks {
  return {
    async mark(conversationId, ttlMs) {
      await redis.set(markKey(conversationId), '1', 'PX', ttlMs).catch(rethrow)
    },
    async clear(conversationId) {
      await redis.del(markKey(conversationId)).catch(rethrow)
    },
    async marked(conversationIds) {
      if (conversationIds.length === 0) return new Set()
      const values = await redis.mget(conversationIds.map(markKey)).catch(rethrow)
      return new Set(conversationIds.filter((_, index) => values[index] !== null))
    },
  }
}

function markKey(conversationId: string): string {
  return `gochat:settling:${conversationId}`
}

function rethrow(error: unknown): never {
  throw translateError(error)
}

/** Marks without Redis, for tests. Nothing expires. */
export function memorySettlingMarks(): SettlingMarks {
  const marks = new Set<string>()
  return {
    mark: async (conversationId) => void marks.add(conversationId),
    clear: async (conversationId) => void marks.delete(conversationId),
    marked: async (conversationIds) => new Set(conversationIds.filter((id) => marks.has(id))),
  }
}
