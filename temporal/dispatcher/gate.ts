/** Runs what it is given, at most so many at a time; the others wait in order. Its callers bound how many wait. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>

export function createGate(max: number): Gate {
  let free = max
  const waiting: (() => void)[] = []
  return async (work) => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    }
  }
}
