import { assertProductionSafe, readConfig } from '#infra/config/index.ts'
import { connectEtcd, createEtcdRegistry } from '#infra/discovery/index.ts'
import { createIdGenerator, leaseWorkerNumber } from '#infra/id/index.ts'
import { runProcess } from '#infra/lifecycle/index.ts'
import { createLogger } from '#infra/logger/index.ts'
import { createMetrics, startAdminServer } from '#infra/metrics/index.ts'
import { createMysql } from '#infra/mysql/index.ts'
import { watchRedisServer } from '#infra/redis/index.ts'
import { startRpcServer } from '#infra/rpc/index.ts'
import { createCache } from './cache/cache.ts'
import { openCacheConnection } from './cache/connection.ts'
import { schema } from './config.ts'
import type { Database } from './database.ts'
import { startHealth } from './health.ts'
import { createRepo } from './repo.ts'

const config = readConfig(schema)
assertProductionSafe(config)
const instance = config.GOCHAT_INSTANCE
const log = createLogger({
  name: 'repo',
  instance,
  level: config.GOCHAT_LOG_LEVEL,
  pretty: config.GOCHAT_LOG_PRETTY,
})

await runProcess(
  async ({ signal, stack }) => {
    const metrics = createMetrics({ service: 'repo', instance })
    const mysql = stack.use(
      createMysql<Database>({
        url: config.GOCHAT_MYSQL_URL,
        poolSize: config.GOCHAT_MYSQL_POOL_SIZE,
        log,
        metrics,
      }),
    )
    const redis = stack.use(openCacheConnection({ url: config.GOCHAT_REDIS_URL, log, metrics }))
    stack.use(watchRedisServer({ redis: () => redis.current(), log, metrics }))
    const cache = stack.use(createCache({ redis: () => redis.current(), log, metrics }))
    const etcd = stack.use(connectEtcd({ endpoints: config.GOCHAT_ETCD_ENDPOINTS, log }))
    const worker = stack.use(await leaseWorkerNumber({ etcd, instance, signal, log }))
    const newId = createIdGenerator({ worker: () => worker.worker })

    const health = stack.use(await startHealth({ mysql, redis, worker, signal }))
    stack.use(
      await startAdminServer({
        port: config.GOCHAT_ADMIN_PORT,
        host: config.GOCHAT_ADMIN_HOST,
        metrics,
        isReady: health.isReady,
        log,
      }),
    )
    const server = stack.use(
      await startRpcServer({
        port: config.GOCHAT_REPO_RPC_PORT,
        host: config.GOCHAT_REPO_RPC_HOST,
        services: createRepo({ mysql, cache, newId, log, metrics }),
        log,
        metrics,
      }),
    )
    // Disposed first: nobody is sent here any more while the server drains.
    const address = `${config.GOCHAT_ADVERTISED_HOST}:${server.port}`
    stack.use(await createEtcdRegistry(etcd, { log }).register('repo', instance, address))
  },
  { log },
)
