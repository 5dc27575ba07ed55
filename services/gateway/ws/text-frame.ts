/**
 * The bytes of a WebSocket text frame as a server sends it: one unfragmented, unmasked frame (RFC 6455 §5.2), header and
 * payload in one buffer, so that any number of sockets can be written the same bytes.
 */
export function textFrame(payload: Uint8Array): Buffer {
  const { length } = payload
  const headerBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headerBytes + length)
  frame[0] = finalText
  if (headerBytes === 2) {
    frame[1] = length
  } else if (headerBytes === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeUInt32BE(0, 2)
    frame.writeUInt32BE(length, 6)
  }
  frame.set(payload, headerBytes)
  return frame
}

/** The same, of a frame that this gateway makes itself. */
export function jsonFrame(frame: { readonly t: string }): Buffer {
  return textFrame(Buffer.from(JSON.stringify(frame)))
}

const finalText = 0x81

/** The `t` of a payload, which every maker puts first: `{"t":"message",…`. Empty when it is not there. */
export function typeOfPayload(payload: Uint8Array): string {
  if (payload[2] !== letterT || payload[5] !== quote) return ''
  const end = payload.indexOf(quote, typeStart)
  if (end === -1) return ''
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  return bytes.toString('latin1', typeStart, Math.min(end, typeStart + maxTypeLength))
}

const typeStart = '{"t":"'.length
const maxTypeLength = 16
const letterT = 0x74
const quote = 0x22
