/** The parts of a node:test event that counting needs. */
export interface TestResult {
  name: string
  nesting: number
  file?: string | undefined
  skip?: string | boolean | undefined
  todo?: string | boolean | undefined
  details: { type?: string | undefined; error?: { failureType?: string } | undefined }
}

export interface Totals {
  passed: number
  failed: number
  failures: string[]
}

/**
 * Counts leaf tests. A test with subtests is told after them; it counts itself only when it failed for a reason of its own,
 * such as a hook or a crash of the file. Skipped ones count as neither.
 */
export function createCounter(): { count: (result: TestResult, hasPassed: boolean) => void; totals: Totals } {
  const totals: Totals = { passed: 0, failed: 0, failures: [] }
  /** For each file: the nesting levels at which a result was told since their parent's. */
  const levels = new Map<string, Set<number>>()
  return {
    totals,
    count(result, hasPassed) {
      const seen = levels.get(result.file ?? '') ?? new Set()
      levels.set(result.file ?? '', seen.add(result.nesting))
      const isParent = seen.delete(result.nesting + 1) || result.details.type === 'suite'
      if (isSet(result.skip) || isSet(result.todo)) return
      if (hasPassed && !isParent) totals.passed += 1
      if (hasPassed || (isParent && result.details.error?.failureType === 'subtestsFailed')) return
      totals.failed += 1
      totals.failures.push(`${result.file ?? ''}: ${result.name}`)
    },
  }
}

function isSet(value: string | boolean | undefined): boolean {
  return value !== undefined && value !== false
}
