import { Type, type Static } from 'typebox'
import { baseConfig, temporalConfig } from '#infra/config/index.ts'

export const title = 'worker'

export const schema = Type.Object({
  ...baseConfig.properties,
  ...temporalConfig.properties,
  GOCHAT_WORKER_CACHED_WORKFLOWS: Type.Integer({
    minimum: 10,
    maximum: 10_000,
    default: 500,
    description: 'Workflows kept in memory; about 500 for each 512 MB of heap.',
  }),
})

export type WorkerConfig = Static<typeof schema>
