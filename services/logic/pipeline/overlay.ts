import { DeliveryClass, Role, type ConversationKind } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { Subject } from '../authorize.ts'
import type { ActiveMember, Conversation } from './conversation.ts'
import { isLargeWith } from './delivery-class.ts'
import type { Recipients } from './item.ts'

const nobody: readonly string[] = []

/**
 * A conversation as the commands of one batch find it: its state, and on top what earlier commands of the batch would
 * change. Nothing reaches the state before apply(), which follows the COMMIT; a batch that is evaluated again starts with
 * new overlays. A class, because there may be one for every message: methods cost nothing, closures would.
 */
export class Overlay implements Subject {
  readonly id: string
  readonly kind: ConversationKind
  /** The class of the whole batch, whatever its commands do to the number of members. */
  readonly isLarge: boolean
  lastSeq: number
  memberCount: number
  memberVersion: number
  readonly #base: Conversation
  #userIds: readonly string[] | undefined
  /** Undefined: gone. */
  #changes: Map<string, ActiveMember | undefined> | undefined
  #reads: Map<string, number> | undefined

  constructor(base: Conversation, threshold: number) {
    this.id = base.id
    this.kind = base.kind
    // Direct needs all members. Before commands that may turn it prepare() loads them.
    this.isLarge = (base.isLarge && !base.isWhole) || isLargeWith(threshold, base.memberCount, base.isLarge)
    this.lastSeq = base.lastSeq
    this.memberCount = base.memberCount
    this.memberVersion = base.memberVersion
    this.#base = base
    this.#userIds = base.isLarge ? undefined : base.userIds
  }

  /** The class that an append must write; unspecified: it stays. */
  get newClass(): DeliveryClass {
    if (this.isLarge === this.#base.isLarge) return DeliveryClass.UNSPECIFIED
    return this.isLarge ? DeliveryClass.LARGE : DeliveryClass.DIRECT
  }

  member(userId: string): ActiveMember | undefined {
    const changes = this.#changes
    return changes?.has(userId) === true ? changes.get(userId) : this.#base.members.get(userId)
  }

  readSeqOf(userId: string): number {
    return this.#reads?.get(userId) ?? this.#base.readSeqs.get(userId) ?? 0
  }

  /** Who gets an entry now. */
  recipients(): Recipients {
    return this.isLarge ? { memberVersion: this.memberVersion } : this.userIds()
  }

  /** The active members of a direct conversation now; the array stays as it is. */
  userIds(): readonly string[] {
    if (this.#userIds !== undefined) return this.#userIds
    const { members } = this.#base
    const list = [...members.keys()].filter((userId) => this.member(userId) !== undefined)
    for (const [userId, now] of this.#changes ?? []) if (now !== undefined && !members.has(userId)) list.push(userId)
    this.#userIds = list
    return list
  }

  /** The next seq, now taken. */
  takeSeq(): number {
    this.lastSeq += 1
    return this.lastSeq
  }

  /** They see what is above joinSeq. */
  join(userIds: readonly string[], joinSeq: number): void {
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

  /** `writtenClass`: what the append has said of the class. */
  apply(writtenClass: DeliveryClass): void {
    const base = this.#base
    if (writtenClass !== DeliveryClass.UNSPECIFIED) base.isLarge = this.isLarge
    base.lastSeq = this.lastSeq
    base.memberCount = this.memberCount
    base.memberVersion = this.memberVersion
    base.userIds = base.isLarge ? nobody : this.userIds()
    for (const [userId, seq] of this.#reads ?? []) base.readSeqs.set(userId, seq)
    for (const [userId, now] of this.#changes ?? []) {
      if (now === undefined) {
        base.members.delete(userId)
        base.readSeqs.delete(userId)
        if (!base.isWhole) base.outsiders.add(userId)
      } else {
        base.members.set(userId, now)
        base.outsiders.delete(userId)
      }
    }
  }

  #change(userId: string, next: ActiveMember | undefined): void {
    this.#changes ??= new Map()
    this.#changes.set(userId, next)
    this.#userIds = undefined
    this.memberVersion += 1
  }
}
