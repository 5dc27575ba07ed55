import { glob } from 'node:fs/promises'
import { dirname, matchesGlob } from 'node:path'

export interface TestFiles {
  /** Beside their source, or of the whole tree and directly in tests/; need no server. */
  unit: string[]
  /** Need the stack. */
  server: string[]
  /** Break the stack, so each runs alone on a whole one. */
  fault: string[]
}

const IGNORED = ['**/node_modules', '.gochat', '.git']

/** Paths relative to the checkout. A pattern is a glob or any part of a path; none means all. */
export async function findTestFiles(root: string, patterns: readonly string[] = []): Promise<TestFiles> {
  const all = await Array.fromAsync(glob('**/*.test.ts', { cwd: root, exclude: IGNORED }))
  return sortTestFiles(all, patterns)
}

export function sortTestFiles(all: readonly string[], patterns: readonly string[]): TestFiles {
  const isChosen = (file: string): boolean =>
    patterns.length === 0 || patterns.some((pattern) => file.includes(pattern) || matchesGlob(file, pattern))
  const files: TestFiles = { unit: [], server: [], fault: [] }
  for (const file of all.toSorted().filter(isChosen)) {
    if (file.startsWith('tests/fault/')) files.fault.push(file)
    else if (file.startsWith('tests/') && dirname(file) !== 'tests') files.server.push(file)
    else files.unit.push(file)
  }
  return files
}
