import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { readMigrations } from './migrate.ts'

test('files are read in order of their numbers, and one with another kind of name is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gochat-migrations-'))
  try {
    for (const name of ['0010-later.sql', '0002-second.sql', '0001-first.sql'])
      await writeFile(join(folder, name), 'SELECT 1')
    assert.deepEqual(Object.keys(await readMigrations(folder)), ['0001-first', '0002-second', '0010-later'])
    await writeFile(join(folder, '3-third.sql'), 'SELECT 1')
    await assert.rejects(readMigrations(folder), /3-third\.sql is not named/)
  } finally {
    await rm(folder, { recursive: true })
  }
})
