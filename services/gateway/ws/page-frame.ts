import type { Entry } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { textFrame } from './text-frame.ts'

/** A page with the bodies' JSON as it is stored: they are not parsed to be written again. */
export function pageFrame(id: string, conversationId: string, entries: readonly Entry[], lastSeq: number): Buffer {
  const texts: string[] = []
  let length = 0
  for (const entry of entries) {
    const text = entryJson(entry)
    length += text.length
    // A short page: the client goes on from its last entry.
    if (texts.length > 0 && length > maxPageLength) break
    texts.push(text)
  }
  const head = `{"t":"page","id":${JSON.stringify(id)},"conversationId":"${conversationId}"`
  return textFrame(Buffer.from(`${head},"entries":[${texts.join(',')}],"lastSeq":${lastSeq}}`))
}

/** Well below what a socket may hold back before it counts as slow. */
const maxPageLength = 256 * 1024

function entryJson({ conversationId, seq, type, senderId, clientMessageId, body, createdAtMs }: Entry): string {
  const client = clientMessageId === '' ? '' : `,"clientMessageId":${JSON.stringify(clientMessageId)}`
  return (
    `{"conversationId":"${conversationId}","seq":${seq},"type":${JSON.stringify(type)},"senderId":"${senderId}"` +
    `${client},"body":${Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()},"createdAt":${createdAtMs}}`
  )
}
