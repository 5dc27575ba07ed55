import type { Handlers } from '#infra/rpc/index.ts'
import { limits } from '#proto/frames/limits.ts'
import type { ClaimPartitionsRequest, MessageRepo } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { createAppendStreams } from '../append/stream.ts'
import { createEntryBlocks } from '../cache/entry-blocks.ts'
import { keysChangedBy } from '../cache/keys.ts'
import { claimPartitions } from '../queries/claim-partitions.ts'
import { listEntries } from '../queries/entries.ts'
import type { RepoDeps } from '../repo.ts'
import { clientIdOf, idOf, invalid, limitOf } from './input.ts'
import { listMemberPages } from './member-pages.ts'

export function messageRepo(deps: RepoDeps): Handlers<typeof MessageRepo> {
  const { mysql, cache, log, metrics } = deps
  const entryBlocks = createEntryBlocks({
    load: (conversationId, range) => listEntries(mysql.db, conversationId, range),
    metrics,
  })
  return {
    async claimPartitions(request) {
      const owner = clientIdOf(request.owner, 'owner')
      checkBounds(request)
      if (request.partitions.length === 0) return { claims: [] }
      return { claims: await mysql.transaction((tx) => claimPartitions(tx, owner, request.partitions)) }
    },

    appendStream: createAppendStreams({
      openConnection: () => mysql.hotConnection(),
      onWritten: (plan) => cache.invalidate(keysChangedBy(plan)),
      log,
      metrics,
    }),

    async listEntries(request) {
      const conversationId = idOf(request.conversationId, 'conversation_id')
      const { afterSeq, upToSeq } = request
      const limit = limitOf(request.limit, limits.maxHistoryPage)
      return { entries: await listEntries(mysql.db, conversationId, { afterSeq, upToSeq, limit }) }
    },

    async listMemberPages({ questions }) {
      return { pages: await listMemberPages({ ...deps, entryBlocks }, questions) }
    },
  }
}

function checkBounds({ partitions }: ClaimPartitionsRequest): void {
  const seen = new Set<number>()
  for (const { partition, logStart, logEnd } of partitions) {
    if (seen.has(partition)) throw invalid('partitions', 'names one twice')
    seen.add(partition)
    const isRange =
      Number.isSafeInteger(logStart) && Number.isSafeInteger(logEnd) && logStart >= 0 && logEnd >= logStart
    if (!isRange) throw invalid('partitions', 'has bounds that are none')
  }
}
