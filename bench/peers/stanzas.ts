/** Called for every element below the stream: `data` is valid until the call returns. */
export type OnStanza = (data: Buffer, start: number, end: number) => void

const lessThan = 0x3c
const greaterThan = 0x3e
const slash = 0x2f
const question = 0x3f
const streamOpening = Buffer.from('<stream:stream')

/** Cuts an XMPP stream into its stanzas by the depth of its tags; ejabberd escapes what could be mistaken for one. */
export class StanzaReader {
  #tail: Buffer | undefined

  read(chunk: Buffer, onStanza: OnStanza): void {
    const data = this.#tail === undefined ? chunk : Buffer.concat([this.#tail, chunk])
    this.#tail = undefined
    let depth = 0
    let stanzaAt = 0
    for (let at = 0; ;) {
      const open = data.indexOf(lessThan, at)
      const close = open < 0 ? -1 : data.indexOf(greaterThan, open)
      if (close < 0) {
        const keptFrom = depth > 0 ? stanzaAt : open
        if (keptFrom >= 0) this.#tail = Buffer.from(data.subarray(keptFrom))
        return
      }
      at = close + 1
      if (data[open + 1] === question || isStreamOpening(data, open)) continue
      if (depth === 0) stanzaAt = open
      if (data[open + 1] === slash) depth -= 1
      else if (data[close - 1] !== slash) depth += 1
      if (depth > 0) continue
      depth = 0
      onStanza(data, stanzaAt, at)
    }
  }
}

function isStreamOpening(data: Buffer, at: number): boolean {
  return (
    data.compare(streamOpening, 0, streamOpening.length, at, Math.min(data.length, at + streamOpening.length)) === 0
  )
}
