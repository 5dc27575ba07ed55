/**
 * Finds what stands behind a key. In frames of one kind it stands nearly always at the same distance: that is looked at first, and
 * searched only when the key is not there.
 */
export class Finder {
  readonly #key: Buffer
  #distance = -1

  constructor(key: string) {
    this.#key = Buffer.from(key)
  }

  /** The place behind the key, or −1 when it does not come between start and end. */
  find(data: Buffer, start: number, end: number): number {
    const key = this.#key
    if (this.#distance >= 0 && start + this.#distance + key.length <= end) {
      const at = start + this.#distance
      let i = 0
      while (i < key.length && data[at + i] === key[i]) i += 1
      if (i === key.length) return at + i
    }
    const found = data.indexOf(key, start)
    if (found < 0 || found + key.length > end) return -1
    this.#distance = found - start
    return found + key.length
  }
}
