import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { documents } from './documents.ts'

/** `node services/gateway/documents/write.ts`: writes docs/api. A unit test fails when it is not what would be written. */
for (const [file, text] of Object.entries(await documents())) {
  const target = join(import.meta.dirname, '../../..', file)
  await mkdir(dirname(target), { recursive: true })
  await writeFile(target, text)
}
