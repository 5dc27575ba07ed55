import { Type, type Static } from 'typebox'
import { deliveryConfig } from '#delivery/config.ts'
import { accessTokenConfig, baseConfig, etcdConfig, kafkaConfig, redisConfig } from '#infra/config/index.ts'

export const title = 'gateway'

export const schema = Type.Object({
  ...baseConfig.properties,
  ...redisConfig.properties,
  ...etcdConfig.properties,
  ...kafkaConfig.properties,
  ...accessTokenConfig.properties,
  ...deliveryConfig.properties,
  GOCHAT_GATEWAY_HOST: Type.String({ default: '127.0.0.1', description: 'Where REST and WebSocket listen.' }),
  GOCHAT_GATEWAY_PORT: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    description: 'Port of REST and WebSocket; 0 takes a free one.',
  }),
  GOCHAT_ADVERTISED_HOST: Type.String({
    default: '127.0.0.1',
    description: 'The host under which others reach this process.',
  }),
  GOCHAT_ALLOWED_ORIGINS: Type.String({
    default: '',
    description:
      'Origins whose pages may use this gateway, separated by commas. Outside production, empty allows any origin on a loopback host. Clients that send no Origin are no browsers and always allowed.',
  }),
  GOCHAT_DRAIN_MS: Type.Integer({
    minimum: 0,
    maximum: 60_000,
    default: 2000,
    description: 'Over how long a gateway that stops spreads the closing of its sockets.',
  }),
  GOCHAT_UPSTREAM_GAP_MS: Type.Integer({
    minimum: 0,
    maximum: 100,
    default: 8,
    description:
      'Least time between two flushes of the upstream lane, unless enough commands wait: fewer, fuller batches.',
  }),
  GOCHAT_UPSTREAM_EAGER_AT: Type.Integer({
    minimum: 1,
    maximum: 500,
    default: 32,
    description: 'So many waiting frames are flushed without waiting for the gap.',
  }),
  GOCHAT_ACK_TIMEOUT_MS: Type.Integer({
    minimum: 100,
    maximum: 60_000,
    default: 10_000,
    description: 'How long REST waits for the result of a command before it answers ACK_TIMEOUT.',
  }),
  GOCHAT_LIMITS_PROFILE: Type.Optional(
    Type.Enum(['standard', 'loopback'], {
      description:
        'loopback raises the rates for peers on 127.0.0.0/8 only, for load and replay runs; refused in production. Default: loopback in development and test, standard in production.',
    }),
  ),
})

export type GatewayConfig = Static<typeof schema>

/** @throws Error when production asks for the loopback profile. */
export function limitsProfile(
  config: Pick<GatewayConfig, 'GOCHAT_MODE' | 'GOCHAT_LIMITS_PROFILE'>,
): 'standard' | 'loopback' {
  const { GOCHAT_MODE: mode, GOCHAT_LIMITS_PROFILE: profile } = config
  if (mode === 'production' && profile === 'loopback') {
    throw new Error('GOCHAT_LIMITS_PROFILE=loopback is for load and replay runs: unset it in production.')
  }
  return profile ?? (mode === 'production' ? 'standard' : 'loopback')
}
