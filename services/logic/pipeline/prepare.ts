import { backoff, sleep } from '#infra/lifecycle/index.ts'
import { createLogThrottle, type Logger } from '#infra/logger/index.ts'
import { partitionOf } from '#delivery/partition.ts'
import type { Item } from './item.ts'
import type { RepoPort } from './repo-port.ts'
import type { States } from './state.ts'

/** The assignment under which a batch was taken has ended, and nothing of it was sent: its new owner will do it. */
export class Abandoned extends Error {
  override readonly name = 'Abandoned'
}

export interface PrepareDeps {
  readonly repo: Pick<RepoPort, 'loadStates' | 'existingUsers'>
  readonly states: States
  readonly partitions: number
  readonly log: Logger
  readonly signal: AbortSignal
  readonly minBackoffMs?: number
}

/**
 * Makes sure that the states of a batch's conversations are held: one LoadStates for all that are missing. Returns which
 * of the users to be added exist: one question for the batch. Waits as long as repo is away.
 * @throws Abandoned when isCurrent says so.
 */
export async function prepare(
  items: readonly Item[],
  isCurrent: () => boolean,
  deps: PrepareDeps,
): Promise<ReadonlySet<string>> {
  const { repo, states, partitions, log, signal, minBackoffMs = 50 } = deps
  const missing = new Set<string>()
  const toAdd = new Set<string>()
  for (const { command, fault } of items) {
    if (fault !== undefined) continue
    if (states.get(command.conversationId) === undefined) missing.add(command.conversationId)
    if (command.body.case === 'add') for (const userId of command.body.value.userIds) toAdd.add(userId)
  }
  if (!isCurrent()) throw new Abandoned()
  if (missing.size === 0 && toAdd.size === 0) return toAdd

  const shouldLog = createLogThrottle(10_000)
  for (const delayMs of backoff({ minMs: minBackoffMs, maxMs: 2000 })) {
    try {
      const [loaded, existing] = await Promise.all([
        missing.size === 0 ? [] : repo.loadStates([...missing]),
        toAdd.size === 0 ? [] : repo.existingUsers([...toAdd]),
      ])
      if (!isCurrent()) throw new Abandoned()
      for (const state of loaded) states.put(state, partitionOf(state.conversationId, partitions))
      return new Set(existing)
    } catch (error) {
      if (!isCurrent()) throw new Abandoned()
      const passedOver = shouldLog()
      if (passedOver !== undefined) log.warn({ err: error, passedOver }, 'states cannot be loaded: waiting for repo')
    }
    await sleep(delayMs, signal)
  }
  throw new Error('unreachable: the backoff is endless')
}
