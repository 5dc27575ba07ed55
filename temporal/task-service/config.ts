import { Type, type Static } from 'typebox'
import { baseConfig, etcdConfig, temporalConfig } from '#infra/config/index.ts'

export const title = 'tasks'

export const schema = Type.Object({
  ...baseConfig.properties,
  ...etcdConfig.properties,
  ...temporalConfig.properties,
  GOCHAT_TASKS_RPC_PORT: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: 0,
    description: 'Port of the gRPC service of tasks; 0 takes a free one. Clients find it in etcd.',
  }),
  GOCHAT_TASKS_RPC_HOST: Type.String({ default: '127.0.0.1', description: 'Where the gRPC service of tasks listens.' }),
  GOCHAT_ADVERTISED_HOST: Type.String({
    default: '127.0.0.1',
    description: 'The host under which others reach this process.',
  }),
})

export type TasksConfig = Static<typeof schema>
