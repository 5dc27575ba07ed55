/** The list in parts of at most so many: repo refuses what is longer, and would again. */
export function* pagesOf<T>(list: readonly T[], size: number): Generator<T[]> {
  for (let start = 0; start < list.length; start += size) yield list.slice(start, start + size)
}
