import type { NewCommand, Upstream } from '../ports.ts'

/** Gathers read and typing for a second, the newest wins, and sends each as one command that nobody answers. */
export interface Coalescer {
  /** Never goes back. False: this user already has too much waiting; try again in a second. */
  read(userId: string, conversationId: string, seq: number): boolean
  typing(userId: string, conversationId: string): boolean
  /** Once a second. What the full upstream lane does not take: reads wait for the next time, typing is dropped. */
  flush(): void
}

/** Different conversations of one user in one second: far more than a person can read, and a bound on what waits. */
const maxWaitingPerUser = 200

interface Waiting {
  readonly reads: Map<string, number>
  readonly typing: Set<string>
}

export function createCoalescer(upstream: Upstream): Coalescer {
  let users = new Map<string, Waiting>()

  function waitingOf(userId: string): Waiting | undefined {
    let waiting = users.get(userId)
    if (waiting === undefined) users.set(userId, (waiting = { reads: new Map(), typing: new Set() }))
    return waiting.reads.size + waiting.typing.size < maxWaitingPerUser ? waiting : undefined
  }

  function read(userId: string, conversationId: string, seq: number): boolean {
    const waiting = waitingOf(userId)
    waiting?.reads.set(conversationId, Math.max(seq, waiting.reads.get(conversationId) ?? 0))
    return waiting !== undefined
  }

  return {
    read,
    typing(userId, conversationId) {
      const waiting = waitingOf(userId)
      waiting?.typing.add(conversationId)
      return waiting !== undefined
    },
    flush() {
      const due = users
      users = new Map()
      for (const [actorId, { reads, typing }] of due) {
        for (const [conversationId, seq] of reads) {
          const body: NewCommand['body'] = { case: 'read', value: { seq } }
          if (!upstream.submit([{ id: '', conversationId, actorId, body }])) read(actorId, conversationId, seq)
        }
        for (const conversationId of typing) {
          upstream.submit([{ id: '', conversationId, actorId, body: { case: 'typing', value: {} } }])
        }
      }
    },
  }
}
