export interface StackEnv {
  readonly mysqlUrl: string
  readonly redisUrl: string
  readonly etcdEndpoints: readonly string[]
  readonly kafkaBrokers: readonly string[]
  readonly temporalAddress: string
  readonly temporalNamespace: string
}

/**
 * Where the servers of the running test stack are. `gochat test` sets these variables. Each is read when it is asked
 * for, so that a test needs only the servers that it uses.
 */
export function stackEnv(env: NodeJS.ProcessEnv = process.env): StackEnv {
  function read(name: string): string {
    const value = env[name]
    if (value === undefined || value === '') {
      throw new Error(`${name} is not set: integration tests need the test stack, run them with ./gochat test`)
    }
    return value
  }
  return {
    get mysqlUrl() {
      return read('GOCHAT_MYSQL_URL')
    },
    get redisUrl() {
      return read('GOCHAT_REDIS_URL')
    },
    get etcdEndpoints() {
      return read('GOCHAT_ETCD_ENDPOINTS').split(',')
    },
    get kafkaBrokers() {
      return read('GOCHAT_KAFKA_BROKERS').split(',')
    },
    get temporalAddress() {
      return read('GOCHAT_TEMPORAL_ADDRESS')
    },
    get temporalNamespace() {
      return read('GOCHAT_TEMPORAL_NAMESPACE')
    },
  }
}
