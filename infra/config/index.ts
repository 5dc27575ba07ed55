/**
 * Config: settings of a process from its environment, and values that change while it runs from one document in etcd.
 * Promises: every fault of the environment is told at once, by variable, and no value is ever shown.
 * Promises: an invalid live document changes nothing; the last good one stays.
 * Does not: read files or command lines, or give a secret a default.
 * Use: `const config = readConfig(Type.Object({ ...baseConfig.properties, ...redisConfig.properties }))`.
 */
export { createLiveConfig, type LiveConfig, type LiveConfigOptions } from './live.ts'
export { assertProductionSafe } from './production-safe.ts'
export { ConfigError, readConfig } from './read-config.ts'
export {
  accessTokenConfig,
  addressList,
  baseConfig,
  etcdConfig,
  kafkaConfig,
  mysqlConfig,
  redisConfig,
  temporalConfig,
  tracingConfig,
} from './schemas.ts'
