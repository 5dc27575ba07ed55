/** Ids, types and the like, where looking for ASCII first costs less than decoding UTF-8. */
const shortBytes = 64
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A field that the schema does not know, as protobuf-es keeps it in `$unknown`. */
export interface UnknownField {
  readonly no: number
  readonly wireType: number
  readonly data: Uint8Array
}

/** Reads a message from its beginning. Whatever is cut short or reaches beyond its end throws a RangeError. */
export class Reader {
  readonly #buffer: Buffer
  at = 0

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get length(): number {
    return this.#buffer.length
  }

  /** The low 32 bits of a varint, unsigned. */
  uint32(): number {
    const buffer = this.#buffer
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= buffer.length) throw new RangeError('cut short')
      const byte = buffer[this.at++]!
      if (shift < 32) value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw new RangeError('a varint of more than ten bytes')
  }

  int32(): number {
    return this.uint32() | 0
  }

  bool(): boolean {
    const start = this.at
    this.#skipVarint()
    for (let at = start; at < this.at; at += 1) if ((this.#buffer[at]! & 0x7f) !== 0) return true
    return false
  }

  double(): number {
    const start = this.#take(8)
    return this.#buffer.readDoubleLE(start)
  }

  /** @throws TypeError: not UTF-8. */
  string(): string {
    const length = this.uint32()
    const start = this.#take(length)
    if (length <= shortBytes && this.#isAscii(start)) return this.#buffer.toString('latin1', start, this.at)
    const text = this.#buffer.toString('utf8', start, this.at)
    // What is not UTF-8 becomes this character; so does what was this character.
    return text.includes('\ufffd') ? strict.decode(this.#buffer.subarray(start, this.at)) : text
  }

  /** A view, not a copy. */
  bytes(): Buffer {
    const length = this.uint32()
    return this.#buffer.subarray(this.#take(length), this.at)
  }

  /** Where the value that begins here with its length ends. */
  end(within: number): number {
    const length = this.uint32()
    const end = this.at + length
    if (end > within) throw new RangeError('longer than what it is in')
    return end
  }

  unknown(tag: number): UnknownField {
    const start = this.at
    const wireType = tag & 7
    if (wireType === 0) this.#skipVarint()
    else if (wireType === 1) this.#take(8)
    else if (wireType === 2) this.bytes()
    else if (wireType === 5) this.#take(4)
    else throw new RangeError(`no such wire type: ${wireType}`)
    return { no: tag >>> 3, wireType, data: this.#buffer.subarray(start, this.at) }
  }

  /** From `start` to here. */
  #isAscii(start: number): boolean {
    for (let at = start; at < this.at; at += 1) if (this.#buffer[at]! > 0x7f) return false
    return true
  }

  #skipVarint(): void {
    this.uint32()
  }

  #take(length: number): number {
    const start = this.at
    if (start + length > this.#buffer.length) throw new RangeError('cut short')
    this.at += length
    return start
  }
}
