/** Seeded randomness: the same seed gives the same bytes on every machine. */
export interface Chance {
  /** 0 ≤ n < below */
  int(below: number): number
  pick<T>(from: readonly T[]): T
  bytes(length: number): Buffer
}

/** mulberry32 */
export function createChance(seed: number): Chance {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const int = (below: number) => next() % below
  return {
    int,
    pick: (from) => from[int(from.length)]!,
    bytes: (length) => Buffer.from(Array.from({ length }, () => int(256))),
  }
}

const nasty = [
  '\0',
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  '\r\n',
  '\r\n\r\n',
  '__proto__',
  '"$ne"',
  '1e999',
  '-0',
  'null',
].map((text) => Buffer.from(text))
const nastyBytes = [
  Buffer.of(0xff),
  Buffer.of(0xed, 0xa0, 0x80),
  Buffer.of(0xc0, 0x80),
  Buffer.of(0xf4, 0x90, 0x80, 0x80),
]

/** A few random changes: flipped, cut out, doubled, cut off, or something nasty put in. Now and then nothing of it is left. */
export function mutate(bytes: Buffer, chance: Chance): Buffer {
  if (chance.int(10) === 0) return chance.bytes(chance.int(300))
  let mutant: Buffer = Buffer.from(bytes)
  for (let count = 1 + chance.int(4); count > 0; count -= 1) {
    const at = chance.int(mutant.length + 1)
    const end = Math.min(mutant.length, at + 1 + chance.int(20))
    const [before, inside, after] = [mutant.subarray(0, at), mutant.subarray(at, end), mutant.subarray(end)]
    switch (chance.int(5)) {
      case 0:
        mutant = Buffer.concat([before, Buffer.from(inside.map((byte) => byte ^ (1 << chance.int(8)))), after])
        break
      case 1:
        mutant = Buffer.concat([before, after])
        break
      case 2:
        mutant = Buffer.concat([before, inside, inside, after])
        break
      case 3:
        mutant = Buffer.concat([before, chance.pick(chance.int(2) === 0 ? nasty : nastyBytes), inside, after])
        break
      default:
        mutant = Buffer.from(before)
    }
  }
  return mutant
}

/** One frame as a client sends it (RFC 6455 §5.2). */
export function maskedFrame(payload: Buffer, chance: Chance, opcode = 1): Buffer {
  const mask = chance.bytes(4)
  const { length } = payload
  const header = Buffer.alloc(length < 126 ? 2 : 4)
  header[0] = 0x80 | opcode
  header[1] = 0x80 | (length < 126 ? length : 126)
  if (length >= 126) header.writeUInt16BE(length, 2)
  return Buffer.concat([header, mask, payload.map((byte, index) => byte ^ mask[index % 4]!)])
}
