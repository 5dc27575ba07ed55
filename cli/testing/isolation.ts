import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface UnitGroups {
  /** Run in one process: starting one for each file costs more than most files' tests. */
  together: string[]
  /** Each runs in a process of its own. */
  alone: string[]
}

/** Which unit test files may share a process. */
export async function groupUnitFiles(root: string, files: readonly string[]): Promise<UnitGroups> {
  const groups: UnitGroups = { together: [], alone: [] }
  for (const file of files) {
    const source = await readFile(join(root, file), 'utf8')
    groups[needsOwnProcess(source) ? 'alone' : 'together'].push(file)
  }
  return groups
}

/** In a shared process these would reach into the tests of every other file: hooks around each test, and mocks that outlive one. */
export function needsOwnProcess(source: string): boolean {
  return /^import \{[^}]*\b(?:beforeEach|afterEach|mock)\b[^}]*\} from 'node:test'/m.test(source)
}
