import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'

const root = resolve(import.meta.dirname, '..')
const page = readFileSync(resolve(root, 'docs/follow-a-message.md'), 'utf8')
const stations = [...page.matchAll(/^\d+\. \[`([^`]+)`\]\(\.\.\/([^)]+)\)/gm)]

test('docs/follow-a-message.md names the stations in order, each with a link to itself', () => {
  assert.ok(stations.length >= 12)
  for (const [line, name, link] of stations) assert.equal(name, link, line)
})

for (const [i, [, path]] of stations.entries()) {
  test(`${path} exists, and its first comment names the stations before and after it`, () => {
    const comment = firstComment(readFileSync(resolve(root, path!), 'utf8'))
    const before = stations[i - 1]?.[1] ?? 'the application'
    const after = stations[i + 1]?.[1] ?? 'the application'
    assert.match(comment, new RegExp(`Station ${i + 1} of the message path`))
    assert.ok(comment.includes(`Before: ${before}.`), `before: ${before}`)
    assert.ok(comment.includes(`After: ${after}.`), `after: ${after}`)
  })
}

function firstComment(source: string): string {
  const end = source.indexOf('*/')
  assert.ok(source.startsWith('/**') && end > 0, 'the file starts with a comment')
  return source.slice(0, end).replaceAll(/\s*\n \*\s*/g, ' ')
}
