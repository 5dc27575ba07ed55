import { every } from '#infra/lifecycle/index.ts'
import type { ActivityDeps } from '../deps.ts'

const renewMs = 1_000
const markTtlMs = 5_000

/**
 * Shows that a conversation is being settled: to Temporal, and by a mark to the dispatcher, which then leaves pokes out. When
 * disposed of, no renewal is under way any more; the mark expires by itself.
 */
export async function showPresence(
  { settling }: Pick<ActivityDeps, 'settling'>,
  conversationId: string,
  heartbeat: () => void,
): Promise<AsyncDisposable> {
  // A mark that is missing costs a poke.
  const mark = () => settling.mark(conversationId, markTtlMs).catch(() => undefined)
  heartbeat()
  await mark()
  return every(
    renewMs,
    async () => {
      heartbeat()
      await mark()
    },
    { onError: () => undefined },
  )
}
