/** Called for every text frame: `data` is valid until the call returns. */
export type OnFrame = (data: Buffer, start: number, end: number) => void

/** A text frame as a client sends it, with a mask of zero, which RFC 6455 allows: the payload stays as it is. */
export function clientFrame(payload: Buffer): Buffer {
  const { length } = payload
  const headerLength = length < 126 ? 6 : 8
  if (length > 0xffff) throw new RangeError('the driver sends no frames above 64 KiB')
  const frame = Buffer.alloc(headerLength + length)
  frame[0] = 0x81
  frame[1] = 0x80 | (length < 126 ? length : 126)
  if (length >= 126) frame.writeUInt16BE(length, 2)
  payload.copy(frame, headerLength)
  return frame
}

/** Walks frame headers; keeps the tail of a chunk that ends inside a frame. */
export class FrameReader {
  #tail: Buffer | undefined

  read(chunk: Buffer, onFrame: OnFrame): void {
    const data = this.#tail === undefined ? chunk : Buffer.concat([this.#tail, chunk])
    this.#tail = undefined
    let at = 0
    while (at + 2 <= data.length) {
      let length = data[at + 1]! & 0x7f
      let start = at + 2
      if (length === 126) {
        if (at + 4 > data.length) break
        length = data.readUInt16BE(at + 2)
        start = at + 4
      } else if (length === 127) {
        if (at + 10 > data.length) break
        length = data.readUInt32BE(at + 6)
        start = at + 10
      }
      const end = start + length
      if (end > data.length) break
      if ((data[at]! & 0x0f) === 1) onFrame(data, start, end)
      at = end
    }
    if (at < data.length) this.#tail = Buffer.from(data.subarray(at))
  }
}
