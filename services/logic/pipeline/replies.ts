import type { ReplyOut } from '#delivery/emit.ts'
import type { ReplyTo } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { ackHead } from './payload.ts'
import { resultOf } from './result.ts'
import type { Settled } from './settle.ts'

/** One ack frame for neighbours of the same frame: a gateway keeps a frame's messages together. */
export function repliesOf(settled: Settled): ReplyOut[] {
  const replies: ReplyOut[] = []
  let open: { to: ReplyTo; conversationId: string } | undefined
  let text = ''

  function close(): void {
    if (open !== undefined) replies.push(reply(open.to, `${text}]}`))
    open = undefined
  }

  for (const item of settled.items) {
    const { replyTo, conversationId } = item.command
    if (replyTo === undefined) continue
    const result = resultOf(item, settled.answers, settled.createdAtMs)
    if (open !== undefined && isSameFrame(open.to, replyTo) && open.conversationId === conversationId) {
      text += `,${result}`
      continue
    }
    close()
    open = { to: replyTo, conversationId }
    text = ackHead(replyTo.request, conversationId) + result
  }
  close()
  return replies
}

function isSameFrame(a: ReplyTo, b: ReplyTo): boolean {
  return a.connection === b.connection && a.request === b.request && a.slot === b.slot && a.epoch === b.epoch
}

function reply({ slot, epoch, connection, request }: ReplyTo, text: string): ReplyOut {
  return { slot, epoch, connection, request, payload: Buffer.from(text) }
}
