import kafkajs, { type logCreator } from 'kafkajs'
import { createLogThrottle, type Logger } from '../../logger/index.ts'

/** Fields of kafkajs's entries worth having; the rest may be large or hold request contents. */
const fields = ['groupId', 'broker', 'topic', 'partition', 'error', 'retryCount', 'retryTime'] as const

/** What every first join on a new cluster, every rebalance and every topic about to be made says. */
const expected =
  /coordinator is (not available|loading)|not the coordinator|is rebalancing|Restarting the consumer|does not host this topic/

/**
 * kafkajs calls ERROR what it then retries itself. What did fail is thrown, or reported by onCrash, by this folder; so its own
 * lines are at most warnings, one of a kind per 10 s.
 */
export function kafkajsLog(log: Logger): logCreator {
  const throttles = new Map<string, () => number | undefined>()

  function passedOver(message: string): number | undefined {
    if (throttles.size > 200) throttles.clear()
    const throttle = throttles.get(message) ?? createLogThrottle(10_000)
    throttles.set(message, throttle)
    return throttle()
  }

  return () =>
    ({ level, namespace, log: entry }) => {
      const isQuiet = level > kafkajs.logLevel.WARN || expected.test(`${entry.message} ${String(entry['error'] ?? '')}`)
      const skipped = isQuiet ? 0 : passedOver(entry.message)
      if (skipped === undefined) return
      const details = {
        part: namespace,
        detail: entry.message,
        ...Object.fromEntries(fields.filter((name) => entry[name] !== undefined).map((name) => [name, entry[name]])),
        ...(skipped > 0 ? { passedOver: skipped } : {}),
      }
      if (isQuiet) log.debug(details, 'kafkajs')
      else log.warn(details, 'kafkajs')
    }
}
