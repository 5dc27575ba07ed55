/** What a process shows on /metrics. */
export interface Exposition {
  /** Of metrics, not of series: a histogram is one name. */
  readonly names: ReadonlySet<string>
  readonly samples: readonly string[]
}

export function readExposition(text: string): Exposition {
  const lines = text.split('\n')
  return {
    names: new Set(lines.flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? [])),
    samples: lines.filter((line) => line !== '' && !line.startsWith('#')),
  }
}

/** The metrics that the expressions of a board or of rules name. */
export function metricNames(text: string): string[] {
  const found = text.matchAll(/\b(?:gochat|nodejs|process)_[a-z0-9_]+/g)
  return [...new Set([...found].map(([name]) => name.replace(/_(?:bucket|sum|count)$/, '')))].toSorted()
}
