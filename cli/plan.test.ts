import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Credentials } from '#stack/credentials.ts'
import { createProfile } from '#stack/profile.ts'
import { SERVERS, serverAddresses, stackEnv } from '#stack/servers.ts'
import type { Stack } from './context.ts'
import { MAX_COUNT, TEST_COUNTS, processSpecs, type Counts } from './plan.ts'

const profile = createProfile('dev', '/checkout', {})
const credentials: Credentials = {
  profile: 'dev',
  mysqlUser: 'gochat',
  mysqlPassword: 'secret',
  mysqlDatabase: 'gochat',
  kafkaClusterId: 'id',
  accessTokenSecret: 'token',
}
const addresses = serverAddresses(profile, credentials, {})
const stack: Stack = { credentials, addresses, env: stackEnv(addresses, {}) }

test('the plan of the tests has the real shape, and no process starts before the servers', () => {
  const specs = processSpecs(profile, stack, TEST_COUNTS)
  assert.deepEqual(
    specs.map(({ name }) => name),
    ['repo-1', 'tasks-1', 'logic-1', 'logic-2', 'gateway-1', 'gateway-2', 'worker-1', 'dispatcher-1'],
  )
  for (const spec of specs) for (const { name } of SERVERS) assert.ok(spec.dependsOn.includes(name))
})

test('no two ports of the largest plan are the same', () => {
  const counts = Object.fromEntries(Object.keys(TEST_COUNTS).map((role) => [role, MAX_COUNT])) as Counts
  const ports = [
    ...processSpecs(profile, stack, counts).flatMap((spec) => Object.values(spec.ports)),
    ...SERVERS.flatMap((server) => Object.values(server.ports(profile))),
  ]
  assert.equal(new Set(ports).size, ports.length)
  assert.ok(Math.max(...ports) < profile.portBase + 300)
})

test('a server given by the environment is external, our own address given back is not', () => {
  const given = { GOCHAT_REDIS_URL: 'redis://elsewhere:1', GOCHAT_KAFKA_BROKERS: '127.0.0.1:21005' }
  const external = serverAddresses(profile, credentials, given).filter(({ isExternal }) => isExternal)
  assert.deepEqual(
    external.map(({ server, address }) => [server.name, address]),
    [['redis', 'redis://elsewhere:1']],
  )
})

test('a port base that reaches into the ports of outgoing connections is refused', () => {
  assert.throws(() => createProfile('dev', '/checkout', { GOCHAT_PORT_BASE: '32700' }), /GOCHAT_PORT_BASE/)
  assert.throws(() => createProfile('dev', '/checkout', { GOCHAT_PORT_BASE: 'many' }), /GOCHAT_PORT_BASE/)
})
