import { translateError, type Redis } from '#infra/redis/index.ts'
import type { Place } from './routes.ts'

/** Which entries of a large conversation a gateway has handed out, without a gap: from its first seq to its last. */
export interface HeardRange {
  readonly fromSeq: number
  readonly upToSeq: number
}

/** What gateways have heard, in Redis. A hint: a mark that is lost costs entries that are sent again. */
export interface HeardMarks {
  /** Of one gateway, by conversation. @throws AppError UNAVAILABLE */
  put(place: Place, ranges: ReadonlyMap<string, HeardRange>): Promise<void>
  /** Of every gateway, by `placeKey`. @throws AppError UNAVAILABLE */
  read(conversationId: string): Promise<ReadonlyMap<string, HeardRange>>
}

export function placeKey({ slot, epoch }: Place): string {
  return `${slot}.${epoch}`
}

/** How long a conversation that nobody writes in is remembered. */
const ttlSeconds = 3600

export function createHeardMarks({ redis }: { readonly redis: Redis }): HeardMarks {
  return {
    async put(place, ranges) {
      const pipeline = redis.pipeline()
      for (const [conversationId, { fromSeq, upToSeq }] of ranges) {
        const key = heardKey(conversationId)
        pipeline.hset(key, placeKey(place), `${fromSeq}-${upToSeq}`).expire(key, ttlSeconds)
      }
      const results = (await pipeline.exec().catch(rethrow)) ?? []
      const failed = results.find(([error]) => error !== null)
      if (failed !== undefined) rethrow(failed[0])
    },
    async read(conversationId) {
      const marks = await redis.hgetall(heardKey(conversationId)).catch(rethrow)
      return new Map(Object.entries(marks).map(([place, text]) => [place, parseRange(text)]))
    },
  }
}

function heardKey(conversationId: string): string {
  return `gochat:heard:${conversationId}`
}

function parseRange(text: string): HeardRange {
  const [fromSeq, upToSeq] = text.split('-').map(Number)
  return { fromSeq: fromSeq ?? 0, upToSeq: upToSeq ?? 0 }
}

function rethrow(error: unknown): never {
  throw translateError(error)
}

/** Marks without Redis, for tests. */
export function memoryHeardMarks(): HeardMarks {
  const marks = new Map<string, Map<string, HeardRange>>()
  return {
    async put(place, ranges) {
      for (const [conversationId, range] of ranges) {
        const places = marks.get(conversationId) ?? new Map<string, HeardRange>()
        marks.set(conversationId, places.set(placeKey(place), range))
      }
    },
    read: async (conversationId) => new Map(marks.get(conversationId)),
  }
}
