import { Role, type ConversationKind } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { Subject } from '../authorize.ts'
import type { ActiveMember, Conversation } from './state.ts'

/**
 * A conversation as the commands of one batch find it: its state, and on top what earlier commands of the batch would
 * change. Nothing reaches the state before apply(), which follows the COMMIT; a batch that is evaluated again starts with
 * new overlays. A class, because there may be one for every message: methods cost nothing, closures would.
 */
export class Overlay implements Subject {
  readonly id: string
  readonly kind: ConversationKind
  readonly isLarge: boolean
  lastSeq: number
  memberCount: number
  readonly #base: Conversation
  #userIds: readonly string[] | undefined
  /** Undefined: gone. */
  #changes: Map<string, ActiveMember | undefined> | undefined
  #reads: Map<string, number> | undefined

  constructor(base: Conversation) {
    this.id = base.id
    this.kind = base.kind
    this.isLarge = base.isLarge
    this.lastSeq = base.lastSeq
    this.memberCount = base.members.size
    this.#base = base
    this.#userIds = base.userIds
  }

  member(userId: string): ActiveMember | undefined {
    const changes = this.#changes
    return changes?.has(userId) === true ? changes.get(userId) : this.#base.members.get(userId)
  }

  readSeqOf(userId: string): number {
    return this.#reads?.get(userId) ?? this.#base.readSeqs.get(userId) ?? 0
  }

  /** The active members now; the array stays as it is. */
  recipients(): readonly string[] {
    if (this.#userIds !== undefined) return this.#userIds
    const { userIds, members } = this.#base
    const list = userIds.filter((userId) => this.member(userId) !== undefined)
    for (const [userId, now] of this.#changes ?? []) if (now !== undefined && !members.has(userId)) list.push(userId)
    this.#userIds = list
    return list
  }

  /** The next seq, now taken. */
  takeSeq(): number {
    this.lastSeq += 1
    return this.lastSeq
  }

  /** They join with the entry that was taken last, and see it. */
  join(userIds: readonly string[]): void {
    const joinSeq = this.lastSeq - 1
    for (const userId of userIds) {
      this.#change(userId, { userId, role: Role.MEMBER, joinSeq, mutedUntilMs: 0, isActive: true })
      this.markRead(userId, joinSeq)
    }
    this.memberCount += userIds.length
  }

  leave(userIds: readonly string[]): void {
    for (const userId of userIds) this.#change(userId, undefined)
    this.memberCount -= userIds.length
  }

  markRead(userId: string, seq: number): void {
    this.#reads ??= new Map()
    this.#reads.set(userId, seq)
  }

  apply(): void {
    const base = this.#base
    base.lastSeq = this.lastSeq
    base.userIds = this.recipients()
    for (const [userId, seq] of this.#reads ?? []) base.readSeqs.set(userId, seq)
    for (const [userId, now] of this.#changes ?? []) {
      if (now === undefined) {
        base.members.delete(userId)
        base.readSeqs.delete(userId)
      } else base.members.set(userId, now)
    }
  }

  #change(userId: string, next: ActiveMember | undefined): void {
    this.#changes ??= new Map()
    this.#changes.set(userId, next)
    this.#userIds = undefined
  }
}
