import { test } from 'node:test'
import { Redis } from 'ioredis'
import { stackEnv } from '#infra/testing/index.ts'
import { playThroughFault } from '../support/fault.ts'
import { openSystem } from '../support/system.ts'

const system = await openSystem()

test('Redis forgets everything with many sends on the way: routes come back, nothing is lost', async (t) => {
  await system.waitUntilWell()
  const redis = new Redis(stackEnv().redisUrl)
  try {
    await playThroughFault(t, system, { fault: async () => void (await redis.flushall()) })
  } finally {
    redis.disconnect()
  }
})
