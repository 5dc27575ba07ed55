import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { accessTokenConfig, baseConfig, redisConfig } from './index.ts'
import { renderConfiguration } from './render.ts'

const gateway = Type.Object({
  ...baseConfig.properties,
  ...redisConfig.properties,
  ...accessTokenConfig.properties,
  GOCHAT_SLOTS: Type.Integer({ minimum: 1, maximum: 1024, default: 16, description: 'Slots.' }),
  GOCHAT_GATEWAY_PORT: Type.Integer({ minimum: 0, description: 'Port | of <REST>.' }),
})
const logic = Type.Object({ ...baseConfig.properties, GOCHAT_SLOTS: gateway.properties.GOCHAT_SLOTS })
const page = renderConfiguration([
  { title: 'gateway', schema: gateway },
  { title: 'logic', schema: logic },
])

test('each variable of each process has exactly one row, with its value, default and meaning', () => {
  for (const name of Object.keys(gateway.properties)) {
    assert.equal(page.split(`| \`${name}\` |`).length - 1, 1, name)
  }
  assert.ok(page.includes('| `GOCHAT_SLOTS` | whole number, 1 to 1024 | `16` | Slots. |'))
  assert.ok(
    page.includes('| `GOCHAT_GATEWAY_PORT` | whole number, at least 0 | **required** | Port \\| of &lt;REST>. |'),
  )
  assert.ok(page.includes('| `GOCHAT_MODE` | `development`, `test`, `production` | `development` |'))
  assert.match(page, /\| `GOCHAT_ACCESS_TOKEN_SECRET` \| text, at least 32 characters \| \*\*required\*\* \| Secret\. /)
  assert.match(page, /\| `OTEL_EXPORTER_OTLP_ENDPOINT` \| text \| not set \|/)
})

test('a process names the shared groups that it takes, and what several take has a group of its own', () => {
  const [, own = ''] = page.split('### gateway\n')
  assert.match(own, /Takes also: Redis, Access tokens, What several processes must agree on\./)
  const [, agreed = ''] = page.split('### What several processes must agree on\n')
  assert.match(agreed.split('###')[0] ?? '', /GOCHAT_SLOTS/)
})
