import { Type, type Static } from 'typebox'
import { baseConfig, kafkaConfig, temporalConfig } from '#infra/config/index.ts'

export const title = 'dispatcher'

export const schema = Type.Object({
  ...baseConfig.properties,
  ...kafkaConfig.properties,
  ...temporalConfig.properties,
})

export type DispatcherConfig = Static<typeof schema>
