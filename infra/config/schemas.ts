import { Type, type TUnsafe } from 'typebox'
import { logLevels } from '../logger/index.ts'

/** What every process has. A service composes: `Type.Object({ ...baseConfig.properties, ...redisConfig.properties, … })`. */
export const baseConfig = Type.Object({
  GOCHAT_MODE: Type.Enum(['development', 'test', 'production'], {
    default: 'development',
    description: 'In `production` a start with sample or weak secrets, or with hooks for tests, is refused.',
  }),
  GOCHAT_INSTANCE: Type.String({
    pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
    description: 'Name of this process, unique among the running ones, such as `gateway-1`.',
  }),
  GOCHAT_ADMIN_PORT: Type.Integer({
    minimum: 0,
    maximum: 65535,
    default: 0,
    description: 'Port of `/healthz`, `/readyz` and `/metrics`; 0 takes any free one.',
  }),
  GOCHAT_ADMIN_HOST: Type.String({ default: '127.0.0.1', description: 'Address on which the admin port listens.' }),
  GOCHAT_LOG_LEVEL: Type.Enum([...logLevels], { default: 'info', description: 'Least level that is logged.' }),
  GOCHAT_LOG_PRETTY: Type.Boolean({ default: false, description: 'Readable lines instead of JSON, for a terminal.' }),
})

export const mysqlConfig = Type.Object({
  GOCHAT_MYSQL_URL: Type.String({
    pattern: '^mysql://',
    description: 'MySQL or MariaDB, with user and database: `mysql://user:password@host:port/database`.',
  }),
  GOCHAT_MYSQL_POOL_SIZE: Type.Integer({
    minimum: 1,
    maximum: 200,
    default: 10,
    description: 'Connections that this process opens at most, the one for appends aside.',
  }),
})

export const redisConfig = Type.Object({
  GOCHAT_REDIS_URL: Type.String({ pattern: '^rediss?://', description: 'Redis: `redis://:password@host:port/0`.' }),
})

export const etcdConfig = Type.Object({
  GOCHAT_ETCD_ENDPOINTS: addressList({ description: 'etcd, any of its members: `host:port,host:port`.' }),
})

export const kafkaConfig = Type.Object({
  GOCHAT_KAFKA_BROKERS: addressList({ description: 'Kafka, any of its brokers: `host:port,host:port`.' }),
})

export const temporalConfig = Type.Object({
  GOCHAT_TEMPORAL_ADDRESS: Type.String({ pattern: '^[^\\s/]+:\\d+$', description: 'Temporal frontend: `host:port`.' }),
  GOCHAT_TEMPORAL_NAMESPACE: Type.String({ minLength: 1, default: 'gochat', description: 'Temporal namespace.' }),
})

export const accessTokenConfig = Type.Object({
  GOCHAT_ACCESS_TOKEN_SECRET: Type.String({
    minLength: 32,
    description: 'Key that signs and checks access tokens; at least 32 characters, the same for all processes.',
  }),
  GOCHAT_ACCESS_TOKEN_OTHER_SECRETS: Type.Optional(
    addressList({
      description:
        'Keys that are accepted too, but never sign: the next one before it begins to sign, the former one until its last tokens have expired (15 minutes).',
    }),
  ),
})

/** OpenTelemetry's own names. The exporter understands more of them: see its documentation. */
export const tracingConfig = Type.Object({
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(
    Type.String({ pattern: '^https?://', description: 'Collector for traces (OTLP over HTTP). Not set: no tracing.' }),
  ),
  OTEL_SERVICE_NAME: Type.Optional(Type.String({ description: 'Name on the traces. Not set: the instance.' })),
  OTEL_TRACES_SAMPLER_ARG: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0.01,
    description: 'Share of new traces that is recorded; a trace that began elsewhere keeps its decision.',
  }),
})

/** A comma list of addresses in the environment, an array in the code. */
export function addressList(options: { description: string; default?: string }): TUnsafe<string[]> {
  return Type.Unsafe<string[]>({ type: 'string', separator: ',', pattern: '^[^\\s,]+(,[^\\s,]+)*$', ...options })
}
