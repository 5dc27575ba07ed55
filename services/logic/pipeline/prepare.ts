import { backoff, sleep } from '#infra/lifecycle/index.ts'
import { createLogThrottle, type Logger } from '#infra/logger/index.ts'
import { partitionOf } from '#delivery/partition.ts'
import type { ConversationState, StateWish } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import type { Item } from './item.ts'
import { questionsOf, type Knowledge } from './knowledge.ts'
import type { RepoPort } from './repo-port.ts'
import type { States } from './state.ts'
import { wishesOf } from './wishes.ts'

/** The assignment under which a batch was taken has ended, and nothing of it was sent: its new owner will do it. */
export class Abandoned extends Error {
  override readonly name = 'Abandoned'
}

export interface PrepareDeps {
  readonly repo: Pick<RepoPort, 'loadStates' | 'findUsers' | 'loadJoinRequests'>
  readonly states: States
  readonly partitions: number
  readonly log: Logger
  readonly signal: AbortSignal
  readonly minBackoffMs?: number
}

/**
 * Makes sure that the states of a batch's conversations are held, of large ones as far as the batch needs them: one
 * LoadStates for all that is missing. Returns what else the batch must know: one question of a kind for the batch. Waits as
 * long as repo is away.
 * @throws Abandoned when isCurrent says so.
 */
export async function prepare(
  items: readonly Item[],
  threshold: number,
  isCurrent: () => boolean,
  deps: PrepareDeps,
): Promise<Knowledge> {
  const { repo, states } = deps
  const wishes = wishesOf(items, threshold, states)
  const { userIds, joinRequests } = questionsOf(items)
  if (!isCurrent()) throw new Abandoned()
  if (wishes.length === 0 && userIds.size === 0 && joinRequests.size === 0) return nothing
  const [loaded, users, requests] = await untilAnswered(isCurrent, deps, () =>
    Promise.all([
      wishes.length === 0 ? [] : repo.loadStates(wishes),
      userIds.size === 0 ? [] : repo.findUsers([...userIds]),
      joinRequests.size === 0 ? noRequests : repo.loadJoinRequests(joinRequests),
    ]),
  )
  hold(loaded, wishes, deps)
  // The class of what was not held is known only now. A conversation that is about to be direct needs all its members.
  const turning = wishesOf(items, threshold, states).filter(({ isWhole }) => isWhole)
  if (turning.length > 0) hold(await untilAnswered(isCurrent, deps, () => repo.loadStates(turning)), turning, deps)
  return {
    users: new Map(users.map((user) => [user.id, user])),
    joinRequests: new Map(requests.conversations.map((one) => [one.conversationId, one])),
    pendingByUser: new Map(Object.entries(requests.pendingByUser)),
  }
}

const nothing: Knowledge = { users: new Map(), joinRequests: new Map(), pendingByUser: new Map() }
const noRequests = { conversations: [], pendingByUser: {} }

function hold(
  loaded: readonly ConversationState[],
  wishes: readonly StateWish[],
  { states, partitions }: PrepareDeps,
): void {
  const askedFor = new Map(wishes.map(({ conversationId, userIds }) => [conversationId, userIds]))
  for (const state of loaded) {
    const { conversationId } = state
    states.put(state, askedFor.get(conversationId) ?? [], partitionOf(conversationId, partitions))
  }
}

async function untilAnswered<T>(isCurrent: () => boolean, deps: PrepareDeps, ask: () => Promise<T>): Promise<T> {
  const { log, signal, minBackoffMs = 50 } = deps
  const shouldLog = createLogThrottle(10_000)
  for (const delayMs of backoff({ minMs: minBackoffMs, maxMs: 2000 })) {
    try {
      const answer = await ask()
      if (!isCurrent()) throw new Abandoned()
      return answer
    } catch (error) {
      if (!isCurrent()) throw new Abandoned()
      const passedOver = shouldLog()
      if (passedOver !== undefined) log.warn({ err: error, passedOver }, 'states cannot be loaded: waiting for repo')
    }
    await sleep(delayMs, signal)
  }
  throw new Error('unreachable: the backoff is endless')
}
