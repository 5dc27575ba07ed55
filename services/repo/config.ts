import { Type, type Static } from 'typebox'
import { baseConfig, etcdConfig, mysqlConfig, redisConfig } from '#infra/config/index.ts'

export const title = 'repo'

export const schema = Type.Object({
  ...baseConfig.properties,
  ...mysqlConfig.properties,
  ...redisConfig.properties,
  ...etcdConfig.properties,
  GOCHAT_REPO_RPC_PORT: Type.Integer({
    minimum: 0,
    maximum: 65535,
    default: 0,
    description: 'Port of the gRPC services; 0 takes any free one. Clients find it in etcd.',
  }),
  GOCHAT_REPO_RPC_HOST: Type.String({ default: '127.0.0.1', description: 'Address on which gRPC listens.' }),
  GOCHAT_ADVERTISED_HOST: Type.String({
    default: '127.0.0.1',
    description: 'Address under which other processes reach this one.',
  }),
})

export type RepoConfig = Static<typeof schema>
