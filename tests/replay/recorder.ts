import { createWriteStream, mkdirSync, writeFileSync, type WriteStream } from 'node:fs'
import { dirname, join } from 'node:path'

/** A file of JSON lines. */
export interface Recorder {
  write(line: object): void
  /** An already encoded line. */
  writeRaw(json: string): void
  close(): Promise<void>
}

export function createRecorder(folder: string, name: string): Recorder {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  const stream: WriteStream = createWriteStream(path)
  return {
    write: (line) => void stream.write(`${JSON.stringify(line)}\n`),
    writeRaw: (json) => void stream.write(`${json}\n`),
    close: () =>
      new Promise((resolve, reject) => {
        stream.once('error', reject)
        stream.end(resolve)
      }),
  }
}

export function writeJson(folder: string, name: string, value: object): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`)
}
