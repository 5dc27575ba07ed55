import { createRpcClient } from '#infra/rpc/index.ts'
import { silentLogger, testMetrics } from '#infra/testing/index.ts'
import { MessageRepo } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import type { Row } from '../row.ts'
import type { GoChatOptions } from '../systems/gochat.ts'
import { makeConversations } from '../systems/gochat-conversations.ts'
import { openAppendWriter } from './append-writer.ts'
import { batchSize, runBatches } from './batches.ts'

export interface RepoOptions extends GoChatOptions {
  /** Where a repo listens. */
  readonly repoHost: string
  /** Streams, or connections of the raw inserts. */
  readonly writers: number
  readonly warmUpMs: number
  readonly measureMs: number
}

/** Partitions that no topic has, so that no logic process owns them. */
const firstPartition = 900_000

/** Rows through the running repo, as logic hands them over: one transaction a request, one request in flight on each stream. */
export async function measureRepo(options: RepoOptions): Promise<Row> {
  const { processes, repoHost, writers } = options
  await using messages = createRpcClient(MessageRepo, { hosts: repoHost, log: silentLogger(), metrics: testMetrics() })
  // Of its own for each run: logic believes to know where the conversations that it serves stand.
  const conversations = await makeConversations(options, { rooms: writers * batchSize.conversations, members: 2 })
  const writing = await Promise.all(
    Array.from({ length: writers }, (_, w) =>
      openAppendWriter(messages, firstPartition + w, conversations.slice(w * batchSize.conversations)),
    ),
  )
  const charged = new Map(
    ['repo', 'mysql', 'redis', 'driver'].map((group) => [group, processes.get(group) ?? []] as const),
  )
  try {
    return await runBatches(
      'gochat',
      writing.map(({ write }) => write),
      charged,
      options,
    )
  } finally {
    for (const { end } of writing) end()
  }
}
