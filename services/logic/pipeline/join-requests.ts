import type { JoinRequests } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import type { JoinRequestChange } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'

/** One user's wish to be let in. */
export interface JoinRequestNow {
  readonly isPending: boolean
  /** How many answers are kept of what the user asked for as somebody who is not in. */
  readonly keptAnswers: number
}

/** Who asks to be let into one conversation, as the commands of one batch find it; what earlier ones changed is counted in. */
export class JoinRequestsNow {
  pendingCount: number
  readonly adminIds: readonly string[]
  readonly #requests: Map<string, JoinRequestNow>
  /** How many conversations each user waits for; shared by all conversations of the batch. */
  readonly #pendingByUser: Map<string, number>

  constructor(loaded: JoinRequests | undefined, pendingByUser: Map<string, number>) {
    this.pendingCount = loaded?.pendingCount ?? 0
    this.adminIds = loaded?.adminIds ?? []
    this.#requests = new Map(loaded?.requests.map((request) => [request.userId, request]))
    this.#pendingByUser = pendingByUser
  }

  /** Undefined: never asked, or was in since. */
  of(userId: string): JoinRequestNow | undefined {
    return this.#requests.get(userId)
  }

  pendingOf(userId: string): number {
    return this.#pendingByUser.get(userId) ?? 0
  }

  change(userId: string, isPending: boolean, keptAnswers: number): JoinRequestChange {
    this.#count(userId, isPending)
    this.#requests.set(userId, { isPending, keptAnswers })
    return { $typeName: 'gochat.message.v1.JoinRequestChange', userId, isPending, keptAnswers }
  }

  /** It is in now. */
  end(userId: string): void {
    this.#count(userId, false)
    this.#requests.delete(userId)
  }

  #count(userId: string, isPending: boolean): void {
    const delta = Number(isPending) - Number(this.#requests.get(userId)?.isPending ?? false)
    this.pendingCount += delta
    this.#pendingByUser.set(userId, this.pendingOf(userId) + delta)
  }
}
