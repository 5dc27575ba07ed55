import { createRequire } from 'node:module'

/** What of kafkajs 2.2.4's Encoder is changed here, and `parts`, which is ours: what stands before `buf`. */
interface Encoder {
  buf: Buffer
  offset: number
  parts?: Buffer[] | undefined
  readonly buffer: Buffer
  size(): number
  ensureAvailable(length: number): void
  writeInt32(value: number): Encoder
  writeBufferInternal(buffer: Buffer): void
  writeBytes(value: unknown): Encoder
  writeEncoder(value: Encoder): Encoder
  writeEncoderArray(values: readonly Encoder[]): Encoder
}

/** Shorter ones are cheaper to copy than to keep apart. */
const minPartBytes = 1024
const nothing = Buffer.alloc(0)

/**
 * Has kafkajs 2.2.4 refer to long values while it encodes a request, instead of copying them into ten nested encoders, each with
 * a zeroed buffer of up to twice the size. Those were 100 MB/s of garbage outside V8's heap in a logic with 12 000 messages a
 * second, and had V8 collect everything twice a second: two fifths of that process (docs/performance.md).
 */
export function useEncoderParts(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/protocol/encoder') as { prototype: Encoder }
  const { writeBytes } = prototype
  // With each further bus of a process there is nothing left to change.
  if (prototype.writeEncoder === methods.writeEncoder) return
  Object.assign(prototype, methods, {
    writeBytes(this: Encoder, value: unknown) {
      if (!Buffer.isBuffer(value)) return writeBytes.call(this, value)
      this.writeInt32(value.length)
      this.writeBufferInternal(value)
      return this
    },
  })
  Object.defineProperty(prototype, 'buffer', { configurable: true, get: joined })
}

const methods: ThisType<Encoder> & Partial<Encoder> = {
  size() {
    return (this.parts ?? []).reduce((sum, { length }) => sum + length, this.offset)
  },
  ensureAvailable(length) {
    const neededBytes = this.offset + length
    if (neededBytes <= this.buf.length) return
    const larger = Buffer.allocUnsafe(Math.max(64, 2 ** Math.ceil(Math.log2(neededBytes))))
    this.buf.copy(larger, 0, 0, this.offset)
    this.buf = larger
  },
  writeBufferInternal(buffer) {
    if (buffer.length >= minPartBytes) return refer(this, buffer)
    this.ensureAvailable(buffer.length)
    this.offset += buffer.copy(this.buf, this.offset)
  },
  writeEncoder(value) {
    for (const part of value.parts ?? []) this.writeBufferInternal(part)
    this.writeBufferInternal(value.buf.subarray(0, value.offset))
    return this
  },
  writeEncoderArray(values) {
    for (const value of values) this.writeEncoder(value)
    return this
  },
}

function refer(encoder: Encoder, buffer: Buffer): void {
  encoder.parts ??= []
  if (encoder.offset > 0) encoder.parts.push(encoder.buf.subarray(0, encoder.offset))
  encoder.parts.push(buffer)
  encoder.buf = nothing
  encoder.offset = 0
}

/** Joined once: kafkajs asks for the bytes of a request twice. */
function joined(this: Encoder): Buffer {
  if (this.parts !== undefined) {
    this.buf = Buffer.concat([...this.parts, this.buf.subarray(0, this.offset)])
    this.offset = this.buf.length
    this.parts = undefined
  }
  return this.buf.subarray(0, this.offset)
}
