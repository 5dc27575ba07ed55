import { every } from '../../lifecycle/index.ts'

export interface WatchdogOptions {
  /** Epoch milliseconds of the last fetch that came back; while joining, of the moment the joining began. */
  lastSign(): number
  /** How long without a sign is suspicious; longer while a group is being joined. */
  quietMs(): number
  /** Asks the broker on another connection. Rejects when it cannot be reached. */
  probe(): Promise<unknown>
  onStall(): void
  readonly now?: () => number
}

/**
 * kafkajs can stand still for ever without a crash (issues 659, 1163, 1593). A broker that is away is no reason to end the
 * process, a client that stands still beside a broker that answers is: so silence alone only starts the probing, and it must
 * go on for as long again while every probe is answered.
 */
export function startWatchdog(options: WatchdogOptions): AsyncDisposable & { check(): Promise<void> } {
  const { now = Date.now } = options
  let answeredSince: number | undefined
  let hasStalled = false

  async function check(): Promise<void> {
    const sign = options.lastSign()
    if (hasStalled || now() - sign <= options.quietMs()) {
      answeredSince = undefined
      return
    }
    try {
      await options.probe()
    } catch {
      answeredSince = undefined
      return
    }
    answeredSince ??= now()
    if (options.lastSign() !== sign || now() - answeredSince < options.quietMs()) return
    hasStalled = true
    options.onStall()
  }

  const loop = every(1000, check, { onError: () => {}, unref: true })
  return { check, [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose]() }
}
