/** A set of whole numbers from 0, dense: one bit for each, so that a run of millions of messages costs kilobytes. */
export class SeqSet {
  #words = new Uint32Array(32)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** False when it was there already. */
  add(n: number): boolean {
    const word = n >>> 5
    if (word >= this.#words.length) this.#grow(word)
    const bit = 1 << (n & 31)
    if ((this.#words[word]! & bit) !== 0) return false
    this.#words[word]! |= bit
    this.#size += 1
    return true
  }

  /** How many of these numbers the other set lacks. */
  countMissingIn(other: SeqSet): number {
    let missing = 0
    for (let i = 0; i < this.#words.length; i += 1) missing += bitCount(this.#words[i]! & ~(other.#words[i] ?? 0))
    return missing
  }

  #grow(word: number): void {
    const grown = new Uint32Array(Math.max(word + 1, this.#words.length * 2))
    grown.set(this.#words)
    this.#words = grown
  }
}

function bitCount(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555)
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
