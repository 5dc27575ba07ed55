/** Joins frames into one buffer, and gives sockets with the same frames the same buffer. */
export interface Joiner {
  join(frames: readonly Buffer[]): Buffer
  /** Lets the buffers go. */
  clear(): void
}

interface Joined {
  readonly frames: readonly Buffer[]
  readonly buffer: Buffer
}

/** Sequences kept that begin with the same frame: the members of a room, its author's devices, and a few that differ. */
const maxVariants = 4

/** The members of a room have the same frames, by identity, in the same order. */
export function createJoiner(): Joiner {
  const known = new Map<Buffer, Joined[]>()
  return {
    join(frames) {
      const first = frames[0]
      if (first === undefined) return Buffer.alloc(0)
      if (frames.length === 1) return first
      let variants = known.get(first)
      if (variants === undefined) known.set(first, (variants = []))
      for (const variant of variants) if (isSame(variant.frames, frames)) return variant.buffer
      const buffer = Buffer.concat(frames)
      if (variants.length < maxVariants) variants.push({ frames: [...frames], buffer })
      return buffer
    },
    clear: () => known.clear(),
  }
}

function isSame(left: readonly Buffer[], right: readonly Buffer[]): boolean {
  if (left.length !== right.length) return false
  for (let index = 0; index < left.length; index += 1) {
    if (left[index] !== right[index]) return false
  }
  return true
}
