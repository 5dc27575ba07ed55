import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCredentials } from './credentials.ts'
import type { Session } from '../../proto/rest/index.ts'

const login = (generation: number, expiresAt: number): Session => ({
  user: { id: '1', name: 'ann', displayName: 'Ann', createdAt: 1, isGuest: false },
  deviceId: 'phone',
  accessToken: `access ${generation}`,
  expiresAt,
  refreshToken: `refresh ${generation}`,
  refreshExpiresAt: 1e12,
})

function setUp() {
  const exchanged: string[] = []
  const kept: string[] = []
  let isDown = false
  let nowMs = 0
  const credentials = createCredentials({
    rest: {
      async refresh(refreshToken) {
        if (isDown) throw new Error('away')
        exchanged.push(refreshToken)
        return login(exchanged.length + 1, nowMs + 900_000)
      },
    },
    login: login(1, 900_000),
    onLogin: ({ refreshToken }) => void kept.push(refreshToken),
    now: () => nowMs,
  })
  return {
    credentials,
    exchanged,
    kept,
    goDown: (down: boolean) => (isDown = down),
    passTo: (ms: number) => (nowMs = ms),
  }
}

test('example: a token is used until shortly before its end, then exchanged, and the newest refresh token is kept', async () => {
  const { credentials, exchanged, kept, passTo } = setUp()
  assert.equal(await credentials.token(), 'access 1')
  passTo(880_000)
  assert.equal(await credentials.token(), 'access 2')
  assert.equal(await credentials.token(), 'access 2')
  assert.deepEqual([exchanged, kept, credentials.login.refreshToken], [['refresh 1'], ['refresh 2'], 'refresh 2'])
})

test('what the server calls expired is exchanged whatever the clock says; for all who ask at once it is done once', async () => {
  const { credentials, exchanged } = setUp()
  const need = { isExpired: true }
  const tokens = await Promise.all([credentials.token(need), credentials.token(need), credentials.token()])
  assert.deepEqual([tokens, exchanged], [['access 2', 'access 2', 'access 2'], ['refresh 1']])
})

test('an exchange that failed is tried again with the same token', async () => {
  const { credentials, exchanged, goDown } = setUp()
  goDown(true)
  await assert.rejects(credentials.token({ isExpired: true }))
  goDown(false)
  assert.equal(await credentials.token({ isExpired: true }), 'access 2')
  assert.deepEqual(exchanged, ['refresh 1'])
})
