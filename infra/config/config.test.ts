import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import * as schemas from './schemas.ts'
import {
  accessTokenConfig,
  assertProductionSafe,
  baseConfig,
  ConfigError,
  kafkaConfig,
  readConfig,
  redisConfig,
} from './index.ts'

const schema = Type.Object({
  ...baseConfig.properties,
  ...redisConfig.properties,
  ...kafkaConfig.properties,
  ...accessTokenConfig.properties,
})
const env = {
  GOCHAT_INSTANCE: 'gateway-1',
  GOCHAT_REDIS_URL: 'redis://127.0.0.1:6379/0',
  GOCHAT_KAFKA_BROKERS: '127.0.0.1:9092,127.0.0.1:9093',
  GOCHAT_ACCESS_TOKEN_SECRET: 'f2hA9vKq0LzX7cBn3mPw5sDt8yRj1uEo',
}

test('example: a service composes its schema and gets converted, frozen values under their names', () => {
  const config = readConfig(schema, { ...env, GOCHAT_ADMIN_PORT: '9001', GOCHAT_LOG_PRETTY: 'true', HOME: '/root' })
  assert.equal(config.GOCHAT_ADMIN_PORT, 9001)
  assert.equal(config.GOCHAT_LOG_PRETTY, true)
  assert.equal(config.GOCHAT_MODE, 'development')
  assert.deepEqual(config.GOCHAT_KAFKA_BROKERS, ['127.0.0.1:9092', '127.0.0.1:9093'])
  assert.ok(!('HOME' in config))
  assert.ok(Object.isFrozen(config))
})

test('every fault is told at once, once per variable, in order, with its description and without any value', () => {
  const faulty = {
    GOCHAT_MODE: 'prod',
    GOCHAT_ADMIN_PORT: '70000',
    GOCHAT_REDIS_URL: 'http://user:hunter2@redis',
    GOCHAT_KAFKA_BROKERS: 'a:1, b:2',
    GOCHAT_ACCESS_TOKEN_SECRET: 'tiny',
  }
  assert.throws(
    () => readConfig(schema, faulty),
    (error: ConfigError) => {
      assert.deepEqual(
        error.faults.map(({ variable }) => variable),
        [
          'GOCHAT_MODE',
          'GOCHAT_INSTANCE',
          'GOCHAT_ADMIN_PORT',
          'GOCHAT_REDIS_URL',
          'GOCHAT_KAFKA_BROKERS',
          'GOCHAT_ACCESS_TOKEN_SECRET',
        ],
      )
      assert.match(error.message, /^the environment has 6 faults:\n/)
      assert.match(error.message, /GOCHAT_MODE must be .*: development, test, production \(/)
      assert.match(error.message, /GOCHAT_INSTANCE is not set \(Name of this process/)
      assert.match(error.message, /GOCHAT_ADMIN_PORT must be <= 65535/)
      assert.doesNotMatch(error.message, /hunter2|tiny|70000/)
      return true
    },
  )
})

test('a variable set to nothing counts as not set: default or fault', () => {
  assert.equal(readConfig(schema, { ...env, GOCHAT_LOG_LEVEL: '' }).GOCHAT_LOG_LEVEL, 'info')
  assert.throws(() => readConfig(schema, { ...env, GOCHAT_REDIS_URL: '' }), /GOCHAT_REDIS_URL is not set/)
})

test('words, fractions and signs are no whole numbers', () => {
  for (const port of ['http', '1.5', '-1', 'NaN']) {
    assert.throws(() => readConfig(baseConfig, { ...env, GOCHAT_ADMIN_PORT: port }), /GOCHAT_ADMIN_PORT/, port)
  }
})

test('only the environment given is read', () => {
  process.env['GOCHAT_INSTANCE'] = 'from-the-process'
  try {
    assert.throws(() => readConfig(baseConfig, {}), /GOCHAT_INSTANCE is not set/)
  } finally {
    delete process.env['GOCHAT_INSTANCE']
  }
})

test('the schema is not changed by reading', () => {
  const fresh = Type.Object({ GOCHAT_X: Type.Integer({ default: 1, description: 'A number.' }) })
  const before = JSON.stringify(fresh)
  readConfig(fresh, {})
  assert.equal(JSON.stringify(fresh), before)
})

test('a setting without a description is refused', () => {
  assert.throws(
    () => readConfig(Type.Object({ GOCHAT_X: Type.String() }), { GOCHAT_X: '1' }),
    /GOCHAT_X has no description/,
  )
})

test('all shared schemas compile together', () => {
  const all = Object.values(schemas).filter((value) => typeof value === 'object')
  const merged = Type.Object(Object.assign({}, ...all.map(({ properties }) => properties)))
  assert.throws(() => readConfig(merged, {}), ConfigError)
})

test('production refuses sample, short and uniform secrets, also inside URLs, all at once and unseen', () => {
  const config = {
    GOCHAT_MODE: 'production',
    GOCHAT_ACCESS_TOKEN_SECRET: 'sample-f2hA9vKq0LzX7cBn3mPw5sDt8yRj1uEo',
    GOCHAT_OTHER_SECRET: 'x7Kp2mQ',
    GOCHAT_THIRD_SECRET: 'abababababababababababababababababab',
    GOCHAT_MYSQL_URL: 'mysql://gochat:gochat@db.example.com/gochat',
    GOCHAT_REDIS_URL: 'redis://:s3cr%65t@cache:6379/0',
    GOCHAT_PORT: 1,
  }
  assert.throws(
    () => assertProductionSafe(config),
    (error: ConfigError) => {
      assert.match(error.message, /GOCHAT_ACCESS_TOKEN_SECRET is a sample/)
      assert.match(error.message, /GOCHAT_OTHER_SECRET is shorter than 32/)
      assert.match(error.message, /GOCHAT_THIRD_SECRET is too uniform/)
      assert.match(error.message, /GOCHAT_MYSQL_URL has a password that is a sample/)
      assert.match(error.message, /GOCHAT_REDIS_URL has a password that is shorter than 12/)
      assert.doesNotMatch(error.message, /f2hA|x7Kp|abab|s3cr/)
      return true
    },
  )
  assertProductionSafe({ ...config, GOCHAT_MODE: 'test' })
})

test('production accepts strong secrets and URLs without a password', () => {
  assertProductionSafe({
    GOCHAT_MODE: 'production',
    GOCHAT_ACCESS_TOKEN_SECRET: env.GOCHAT_ACCESS_TOKEN_SECRET,
    GOCHAT_MYSQL_URL: 'mysql://gochat:Vq8xT2mLr5Kd9wZp@db.example.com/gochat',
    GOCHAT_REDIS_URL: 'rediss://cache:6379/0',
    GOCHAT_KAFKA_BROKERS: ['kafka-1:9092'],
  })
})
