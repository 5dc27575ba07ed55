import { Type, type Static } from 'typebox'
import { baseConfig, etcdConfig, kafkaConfig, redisConfig, temporalConfig } from '#infra/config/index.ts'

export const title = 'worker'

export const schema = Type.Object({
  ...baseConfig.properties,
  ...redisConfig.properties,
  ...etcdConfig.properties,
  ...kafkaConfig.properties,
  ...temporalConfig.properties,
  GOCHAT_WORKER_CACHED_WORKFLOWS: Type.Integer({
    minimum: 10,
    maximum: 10_000,
    default: 500,
    description: 'Workflows kept in memory; about 500 for each 512 MB of heap.',
  }),
  GOCHAT_SETTLE_PAGE_MEMBERS: Type.Integer({
    minimum: 1,
    maximum: 1000,
    default: 1000,
    description: 'Members of a large conversation that are settled at a time, and counted together.',
  }),
  GOCHAT_WORKFLOW_BUNDLE: Type.Optional(
    Type.String({
      description:
        'File that `node temporal/worker/build-bundle.ts FILE` made. Required in production; not set: the code is bundled at the start.',
    }),
  ),
})

export type WorkerConfig = Static<typeof schema>

/** @throws Error when production would bundle at its start. */
export function requireBundle(config: Pick<WorkerConfig, 'GOCHAT_MODE' | 'GOCHAT_WORKFLOW_BUNDLE'>): void {
  if (config.GOCHAT_MODE === 'production' && config.GOCHAT_WORKFLOW_BUNDLE === undefined) {
    throw new Error('GOCHAT_WORKFLOW_BUNDLE is not set: production runs workflow code that was bundled before.')
  }
}
