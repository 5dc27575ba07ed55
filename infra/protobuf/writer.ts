const initialBytes = 64 * 1024
/** What one huge message made it grow to is given back. */
const keptBytes = 1024 * 1024

/**
 * Writes a message from its end to its beginning: what a length stands before is written already, so no length is
 * computed beforehand or moved afterwards. One buffer serves all messages, because encoding never waits.
 */
export class Writer {
  #buffer = Buffer.allocUnsafeSlow(initialBytes)
  #at = initialBytes

  /** Bytes written so far. */
  get size(): number {
    return this.#buffer.length - this.#at
  }

  /** A copy of what was written; the writer is empty again. */
  take(): Buffer {
    const bytes = Buffer.allocUnsafe(this.size)
    this.#buffer.copy(bytes, 0, this.#at)
    this.reset()
    return bytes
  }

  /** Forgets what was written. */
  reset(): void {
    if (this.#buffer.length > keptBytes) this.#buffer = Buffer.allocUnsafeSlow(initialBytes)
    this.#at = this.#buffer.length
  }

  /** @param value of 32 bits, unsigned. */
  varint(value: number): void {
    let length = 1
    for (let rest = value >>> 7; rest !== 0; rest >>>= 7) length += 1
    let at = this.#take(length)
    const buffer = this.#buffer
    for (; value > 0x7f; value >>>= 7) buffer[at++] = (value & 0x7f) | 0x80
    buffer[at] = value
  }

  uint32(value: number): void {
    if (typeof value !== 'number' || value >>> 0 !== value) throw new RangeError(`no uint32: ${String(value)}`)
    this.varint(value)
  }

  /** Also enums. A negative one takes ten bytes, as of 64 bits. */
  int32(value: number): void {
    if (typeof value !== 'number' || (value | 0) !== value) throw new RangeError(`no int32: ${String(value)}`)
    if (value >= 0) return this.varint(value)
    const at = this.#take(10)
    const buffer = this.#buffer
    for (let index = 0; index < 4; index += 1) buffer[at + index] = ((value >>> (7 * index)) & 0x7f) | 0x80
    buffer[at + 4] = 0xf0 | (value >>> 28)
    buffer.fill(0xff, at + 5, at + 9)
    buffer[at + 9] = 1
  }

  bool(value: boolean): void {
    this.varint(value ? 1 : 0)
  }

  double(value: number): void {
    if (typeof value !== 'number') throw new TypeError(`no double: ${String(value)}`)
    this.#buffer.writeDoubleLE(value, this.#take(8))
  }

  string(value: string): void {
    const length = Buffer.byteLength(value)
    const at = this.#take(length)
    this.#buffer.write(value, at, length)
    this.varint(length)
  }

  bytes(value: Uint8Array): void {
    this.raw(value)
    this.varint(value.length)
  }

  /** Without its length. */
  raw(value: Uint8Array): void {
    const at = this.#take(value.length)
    this.#buffer.set(value, at)
  }

  #take(length: number): number {
    if (length > this.#at) this.#grow(length)
    this.#at -= length
    return this.#at
  }

  #grow(length: number): void {
    const { size } = this
    const grown = Buffer.allocUnsafeSlow(Math.max(2 * this.#buffer.length, size + length))
    this.#buffer.copy(grown, grown.length - size, this.#at)
    this.#buffer = grown
    this.#at = grown.length - size
  }
}
