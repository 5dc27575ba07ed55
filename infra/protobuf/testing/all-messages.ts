import { glob } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { DescFile, DescMessage } from '@bufbuild/protobuf'

const generated = resolve(import.meta.dirname, '../../../proto/gen')

/** Every message of `proto/gen`. */
export async function allMessages(): Promise<DescMessage[]> {
  const messages: DescMessage[] = []
  for await (const path of glob('**/*_pb.ts', { cwd: generated })) {
    const module = (await import(resolve(generated, path))) as Record<string, DescFile | { readonly kind?: string }>
    for (const value of Object.values(module)) if (value.kind === 'file') messages.push(...(value as DescFile).messages)
  }
  return messages
}
