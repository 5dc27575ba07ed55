import { open } from 'node:fs/promises'

const MAX_TAIL_BYTES = 1024 * 1024

/** The last lines of a file; none when it does not exist. */
export async function lastLines(file: string, count: number): Promise<string[]> {
  const { text } = await readFrom(file, -MAX_TAIL_BYTES)
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return count > 0 ? lines.slice(-count) : []
}

/** Text from a position to the end, and where that end is. Negative counts from the end; a file that shrank is read anew. */
export async function readFrom(file: string, position: number): Promise<{ text: string; end: number }> {
  const handle = await open(file, 'r').catch(() => undefined)
  if (handle === undefined) return { text: '', end: 0 }
  try {
    const { size } = await handle.stat()
    const start = position < 0 ? Math.max(0, size + position) : position > size ? 0 : position
    const buffer = Buffer.alloc(Math.min(size - start, MAX_TAIL_BYTES))
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, start)
    return { text: buffer.toString('utf8', 0, bytesRead), end: start + bytesRead }
  } finally {
    await handle.close()
  }
}
