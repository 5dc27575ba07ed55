import { Type, type Static } from 'typebox'
import { deliveryConfig } from '#delivery/config.ts'
import { accessTokenConfig, baseConfig, etcdConfig, kafkaConfig, redisConfig } from '#infra/config/index.ts'

export const title = 'logic'

export const schema = Type.Object({
  ...baseConfig.properties,
  ...redisConfig.properties,
  ...etcdConfig.properties,
  ...kafkaConfig.properties,
  ...accessTokenConfig.properties,
  ...deliveryConfig.properties,
  GOCHAT_LOGIC_RPC_PORT: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: 0,
    description: 'Port of the gRPC services of logic; 0 takes a free one.',
  }),
  GOCHAT_LOGIC_RPC_HOST: Type.String({ default: '127.0.0.1', description: 'Where the gRPC services of logic listen.' }),
  GOCHAT_ADVERTISED_HOST: Type.String({
    default: '127.0.0.1',
    description: 'The host under which others reach this process.',
  }),
  GOCHAT_PASSWORD_COST: Type.Enum(['standard', 'low'], {
    default: 'standard',
    description:
      'Work for one password hash: standard is 19 MiB and two passes; low is for test runs that register hundreds of users, and refused in production.',
  }),
  UV_THREADPOOL_SIZE: Type.Integer({
    minimum: 4,
    maximum: 1024,
    default: 4,
    description: "libuv's threads. Password hashes take at most two of them; the others are for files, names and keys.",
  }),
})

export type LogicConfig = Static<typeof schema>

/** @throws Error when production asks for cheap password hashes. */
export function passwordCost(config: Pick<LogicConfig, 'GOCHAT_MODE' | 'GOCHAT_PASSWORD_COST'>): 'standard' | 'low' {
  const { GOCHAT_MODE: mode, GOCHAT_PASSWORD_COST: cost } = config
  if (mode === 'production' && cost === 'low') {
    throw new Error('GOCHAT_PASSWORD_COST=low is for test runs: unset it in production.')
  }
  return cost
}
