import { glob, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { IsObject, type TObject } from 'typebox'
import { renderConfiguration, type DocumentedProcess } from './render.ts'

const root = join(import.meta.dirname, '../..')
const target = join(root, 'docs/configuration.md')

/** `node infra/config/document.ts [--check]`: writes docs/configuration.md, or fails when it is not what would be written. */
if (import.meta.main) {
  const isCheck = process.argv.includes('--check')
  const wanted = renderConfiguration(await findProcesses())
  const present = await readFile(target, 'utf8').catch(() => '')
  if (!isCheck) await writeFile(target, wanted)
  else if (wanted !== present) {
    process.stderr.write('docs/configuration.md is stale: run node infra/config/document.ts\n')
    process.exitCode = 1
  }
}

/** Every `config.ts` of a process exports what its settings are: `schema`, and under which `title`. */
async function findProcesses(): Promise<DocumentedProcess[]> {
  const files = await Array.fromAsync(glob('{services,temporal}/*/config.ts', { cwd: root }))
  return Promise.all(files.toSorted().map((file) => importProcess(file)))
}

async function importProcess(file: string): Promise<DocumentedProcess> {
  const { schema, title } = (await import(join(root, file))) as { schema?: unknown; title?: unknown }
  if (!isObjectSchema(schema) || typeof title !== 'string') {
    throw new Error(`${file} must export schema (a Type.Object) and title (a string)`)
  }
  return { title, schema }
}

function isObjectSchema(value: unknown): value is TObject {
  return IsObject(value)
}
