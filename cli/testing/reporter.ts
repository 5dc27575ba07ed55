/** A node:test reporter that tells the totals so far as a line of JSON after each test: a run may be killed in the middle. */
import { createCounter, type TestResult } from './count.ts'

interface Event {
  type: string
  data: unknown
}

export default async function* reporter(events: AsyncIterable<Event>): AsyncGenerator<string> {
  const { count, totals } = createCounter()
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue
    count(data as TestResult, type === 'test:pass')
    yield JSON.stringify(totals) + '\n'
  }
}
