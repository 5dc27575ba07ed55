/** The part of a stored or new entry that clients see. Ids and types hold nothing that JSON would escape. */
export interface EntryView {
  readonly type: string
  readonly senderId: string
  /** Empty: not a message. */
  readonly clientMessageId: string
  readonly body: Uint8Array
}

/** A message frame, built once for all its recipients; the body goes in as the bytes that came. */
export function messageFrame(conversationId: string, seq: number, entry: EntryView, createdAtMs: number): Buffer {
  const id = entry.clientMessageId === '' ? '' : `,"clientMessageId":"${entry.clientMessageId}"`
  const head = `{"t":"message","conversationId":"${conversationId}","seq":${seq},"type":"${entry.type}","senderId":"${entry.senderId}"${id},"body":`
  const tail = `,"createdAt":${createdAtMs}}`
  const frame = Buffer.allocUnsafe(head.length + entry.body.length + tail.length)
  frame.write(head, 0, 'latin1')
  frame.set(entry.body, head.length)
  frame.write(tail, head.length + entry.body.length, 'latin1')
  return frame
}
