/** What a check found wrong; it keeps the first few of each kind, and counts them all. */
export interface Findings {
  readonly name: string
  readonly promise: string
  readonly count: number
  readonly examples: readonly string[]
}

const maxExamples = 5

/** Runs one check: it calls `wrong` for everything that breaks the promise. */
export async function check(
  name: string,
  promise: string,
  body: (wrong: (what: string) => void) => void | Promise<void>,
): Promise<Findings> {
  const examples: string[] = []
  let count = 0
  await body((what) => {
    count++
    if (examples.length < maxExamples) examples.push(what)
  })
  return { name, promise, count, examples }
}
