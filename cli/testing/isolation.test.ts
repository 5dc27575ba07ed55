import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needsOwnProcess } from './isolation.ts'

test('hooks around each test and mocks that outlive one need a process of their own', () => {
  assert.ok(needsOwnProcess("import { beforeEach, test } from 'node:test'\n"))
  assert.ok(needsOwnProcess("import assert from 'node:assert/strict'\nimport { afterEach, test } from 'node:test'\n"))
  assert.ok(needsOwnProcess("import {\n  mock,\n  test,\n} from 'node:test'\n"))
})

test('what a test mocks for itself, and hooks that run once, share', () => {
  assert.ok(
    !needsOwnProcess("import { after, before, test } from 'node:test'\ntest('x', (t) => t.mock.timers.enable())\n"),
  )
  assert.ok(!needsOwnProcess("import { mock } from './mock.ts'\nimport { test } from 'node:test'\n"))
})
