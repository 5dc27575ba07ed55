import { glob, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import MCR from 'monocart-coverage-reports'
import { coverageEnv } from './coverage-env.ts'
import { addUp, type CoverageRow } from './coverage-rows.ts'

const MEASURED_FOLDERS = ['services', 'infra', 'delivery', 'temporal', 'workflows', 'activities', 'sdk']

export interface Coverage extends AsyncDisposable {
  /** For the environment of processes. Node writes what a process ran at its exit; one that is killed leaves nothing. */
  readonly env: Record<string, string>
  /** Takes over what ended processes have left, and removes it: a process leaves 2 to 5 MB, of which a tenth is about our files. */
  collect(): Promise<void>
  /** One row for each folder. Files that no process loaded count as not covered. */
  rows(): Promise<CoverageRow[]>
}

interface RawEntry {
  url: string
  functions: unknown[]
}

export async function openCoverage(root: string): Promise<Coverage> {
  const work = await mkdtemp(join(tmpdir(), 'gochat-coverage-'))
  const folder = join(work, 'raw')
  const report = new MCR.CoverageReport({
    logging: 'error',
    reports: ['none'],
    outputDir: join(work, 'report'),
    baseDir: root,
  })
  const readSource = createSourceReader()
  const files = (await Array.fromAsync(glob(`{${MEASURED_FOLDERS.join()}}/**/*.ts`, { cwd: root }))).filter(isMeasured)
  const measured = new Set(files.map((file) => pathToFileURL(join(root, file)).href))

  async function add(entries: RawEntry[]): Promise<void> {
    const ours = entries.filter(({ url }) => measured.has(url))
    if (ours.length === 0) return
    await report.add(
      await Promise.all(ours.map(async ({ url, functions }) => ({ url, functions, source: await readSource(url) }))),
    )
  }

  return {
    env: coverageEnv(folder),
    async collect() {
      const names = await readdir(folder).catch(() => [])
      for (const name of names) {
        await add(readEntries(await readFile(join(folder, name), 'utf8')))
        await rm(join(folder, name))
      }
    },
    async rows() {
      const urls = [...measured]
      await report.add(
        await Promise.all(urls.map(async (url) => ({ url, empty: true, source: await readSource(url) }))),
      )
      const results = await report.generate()
      return addUp(results?.files ?? [])
    },
    async [Symbol.asyncDispose]() {
      await rm(work, { recursive: true, force: true })
    },
  }
}

/** Not tests, nor what only tests use. */
export function isMeasured(file: string): boolean {
  return !/\.test\.ts$|\.d\.ts$|(?:^|\/)(?:testing|fixtures|node_modules)\//.test(file)
}

/** As V8 saw it: types are blanks, so that lines and columns are those of the file. */
function createSourceReader(): (url: string) => Promise<string> {
  const sources = new Map<string, Promise<string>>()
  return (url) => {
    const source = sources.get(url) ?? readFile(fileURLToPath(url), 'utf8').then((text) => stripTypeScriptTypes(text))
    sources.set(url, source)
    return source
  }
}

/** A process that was killed while it wrote leaves half a file. */
function readEntries(text: string): RawEntry[] {
  try {
    return (JSON.parse(text) as { result: RawEntry[] }).result
  } catch {
    return []
  }
}
