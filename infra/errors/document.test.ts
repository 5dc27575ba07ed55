import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { status } from '@grpc/grpc-js'
import { errorEntry, errorTable, type ErrorCode } from './index.ts'

const page = await readFile(join(import.meta.dirname, '../../docs/errors.md'), 'utf8')

test('docs/errors.md has the rows of the table: none missing, none extra, none different, in the same order', () => {
  const wanted = (Object.keys(errorTable) as ErrorCode[]).map(rowOf)
  assert.deepEqual(rowsIn(page), wanted)
})

test('the JSON shape on the page is one that the code makes', () => {
  const [, json = ''] = /```json\n(.*?)```/s.exec(page) ?? []
  const { code, message, retryable, retryAfterMs } = JSON.parse(json) as Record<string, unknown>
  const entry = errorEntry(code as ErrorCode)
  assert.deepEqual([message, retryable, retryAfterMs], [entry.message, entry.retryable, entry.retryAfterMs])
})

function rowOf(code: ErrorCode): string {
  const { http, grpc, close, retryable, retryAfterMs, message } = errorEntry(code)
  const isRetryable = retryable ? 'yes' : 'no'
  return [`\`${code}\``, http, `\`${status[grpc]}\``, close ?? '', isRetryable, retryAfterMs ?? '', message].join(' | ')
}

/** Cells of the rows that begin with a code, without the padding. */
function rowsIn(markdown: string): string[] {
  const lines = markdown.split('\n').filter((line) => /^\|\s*`[A-Z]/.test(line))
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
      .join(' | '),
  )
}
