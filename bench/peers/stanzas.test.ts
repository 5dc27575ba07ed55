import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StanzaReader } from './stanzas.ts'

const stanzas = [
  "<stream:features><mechanisms xmlns='sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>",
  "<a h='5' xmlns='urn:xmpp:sm:3'/>",
  "<message from='a' to='b'><body>1 &lt; 2 &gt; 0 ü</body><x/><y><z/></y></message>",
  '<presence/>',
]
const head = "<?xml version='1.0'?><stream:stream id='1' version='1.0' xmlns:stream='streams'>"
const stream = Buffer.from(`${head}${stanzas.join('')}\n${stanzas[2]}</stream:stream>`)

test('stanzas are cut out whole, wherever the chunks are cut', () => {
  for (const chunkBytes of [stream.length, 100, 17, 1]) {
    const reader = new StanzaReader()
    const seen: string[] = []
    const shared = Buffer.alloc(chunkBytes)
    for (let at = 0; at < stream.length; at += chunkBytes) {
      const length = stream.copy(shared, 0, at, at + chunkBytes)
      reader.read(shared.subarray(0, length), (data, start, end) => seen.push(data.toString('utf8', start, end)))
    }
    assert.deepEqual(seen, [...stanzas, stanzas[2], '</stream:stream>'])
  }
})
