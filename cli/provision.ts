import { setTimeout as sleep } from 'node:timers/promises'
import { provisionTopics } from '#delivery/provision.ts'
import { AppError } from '#infra/errors/index.ts'
import { migrate } from '#services/repo/migrate.ts'
import { provisionTemporal } from '#temporal/provision.ts'

type Step = () => Promise<unknown>

/** A server that has just come up may refuse for a moment, such as Kafka while new topics get their leaders. */
const RETRY_FOR_MS = 30_000
const RETRY_EVERY_MS = 500

/** Between servers and processes: tables, topics, namespace. Every step is idempotent. */
export async function provision(env: Record<string, string>): Promise<void> {
  await retry(() => migrate(env))
  await retry(() => provisionTopics(env))
  await retry(() => provisionTemporal(env))
}

async function retry(step: Step): Promise<void> {
  const deadline = Date.now() + RETRY_FOR_MS
  for (;;) {
    try {
      await step()
      return
    } catch (error) {
      const isRetryable = error instanceof AppError && error.retryable
      if (!isRetryable || Date.now() > deadline) throw error
    }
    await sleep(RETRY_EVERY_MS)
  }
}
