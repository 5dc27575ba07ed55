import { Type, type Static } from 'typebox'
import { baseConfig, etcdConfig, kafkaConfig, redisConfig, temporalConfig } from '#infra/config/index.ts'

export const title = 'dispatcher'

export const schema = Type.Object({
  ...baseConfig.properties,
  ...redisConfig.properties,
  ...etcdConfig.properties,
  ...kafkaConfig.properties,
  ...temporalConfig.properties,
})

export type DispatcherConfig = Static<typeof schema>
