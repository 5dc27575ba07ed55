import { createHash, randomUUID } from 'node:crypto'
import type { Client } from '#infra/rpc/index.ts'
import type { AppendStreamResponse, MessageRepo } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { bodyText } from '../driver/body.ts'
import type { Conversation } from '../systems/gochat-conversations.ts'
import type { BatchWriter } from './batches.ts'

/** The owner of a partition, as logic is one: a batch moves its offset and appends to its conversations. */
export async function openAppendWriter(
  messages: Client<typeof MessageRepo>,
  partition: number,
  conversations: readonly Conversation[],
): Promise<{ readonly write: BatchWriter; end(): void }> {
  const bounds = { partition, logStart: 0, logEnd: Number.MAX_SAFE_INTEGER }
  const { claims } = await messages.claimPartitions({ owner: 'bench', partitions: [bounds] })
  const { epoch, nextOffset } = claims[0]!
  const stream = messages.appendStream()
  let waiting: PromiseWithResolvers<AppendStreamResponse> | undefined
  stream.onMessage((response) => waiting?.resolve(response))
  stream.onEnd((error) => waiting?.reject(error ?? new Error('repo ended the append stream')))
  const body = Buffer.from(JSON.stringify({ text: bodyText() }))
  const contentHash = createHash('sha256').update(body).digest().subarray(0, 16)
  const run = randomUUID().slice(0, 8)
  let batches = 0

  return {
    async write({ conversations: count, rowsEach }) {
      const fromOffset = nextOffset + batches
      const first = batches * rowsEach
      batches += 1
      waiting = Promise.withResolvers()
      stream.write({
        requestId: batches,
        partitions: [{ partition, epoch, fromOffset, toOffset: fromOffset + 1 }],
        createdAtMs: Date.now(),
        conversations: conversations.slice(0, count).map(({ id, members }) => ({
          conversationId: id,
          entries: Array.from({ length: rowsEach }, (_, i) => ({
            type: 'text',
            senderId: members[0]!.id,
            clientMessageId: `${run}-${first + i}`,
            contentHash,
            body,
            isUnread: true,
          })),
        })),
      })
      const { result } = await waiting.promise
      if (result.case !== 'applied') throw new Error(`repo answered ${result.case}: ${JSON.stringify(result.value)}`)
    },
    end: () => stream.end(),
  }
}
