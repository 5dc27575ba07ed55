import {
  DeliveryClass,
  Role,
  type ConversationKind,
  type JoinMode,
} from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { Subject } from '../authorize.ts'
import type { ActiveMember, Conversation } from './conversation.ts'
import { isLargeWith } from './delivery-class.ts'
import type { Recipients } from './item.ts'
import { JoinRequestsNow } from './join-requests.ts'
import type { Knowledge } from './knowledge.ts'

const nobody: readonly string[] = []

/** What of a batch's knowledge overlays look at, and change as they go. */
export interface Outside extends Pick<Knowledge, 'joinRequests'> {
  readonly pendingByUser: Map<string, number>
}

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
  joinMode: JoinMode
  isMutedAll: boolean
  dissolvedSeq: number
  readonly #base: Conversation
  readonly #outside: Outside
  #joinRequests: JoinRequestsNow | undefined
  #userIds: readonly string[] | undefined
  /** Undefined: gone. */
  #changes: Map<string, ActiveMember | undefined> | undefined
  #reads: Map<string, number> | undefined
  /** Of those who have gone. */
  #mutes: Map<string, number> | undefined

  constructor(base: Conversation, threshold: number, outside: Outside) {
    this.id = base.id
    this.kind = base.kind
    // Direct needs all members. Before commands that may turn it prepare() loads them.
    this.isLarge = (base.isLarge && !base.isWhole) || isLargeWith(threshold, base.memberCount, base.isLarge)
    this.lastSeq = base.lastSeq
    this.memberCount = base.memberCount
    this.memberVersion = base.memberVersion
    this.joinMode = base.joinMode
    this.isMutedAll = base.isMutedAll
    this.dissolvedSeq = base.dissolvedSeq
    this.#base = base
    this.#outside = outside
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

  /** Only for commands that have asked for them. */
  get joinRequests(): JoinRequestsNow {
    const { joinRequests, pendingByUser } = this.#outside
    return (this.#joinRequests ??= new JoinRequestsNow(joinRequests.get(this.id), pendingByUser))
  }

  /** The admins and the owner. Only for commands that have asked for them. */
  adminIds(): readonly string[] {
    const candidates = new Set(this.isLarge ? this.joinRequests.adminIds : this.userIds())
    for (const userId of this.#changes?.keys() ?? []) candidates.add(userId)
    return [...candidates].filter((userId) => this.#isAdmin(userId))
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
      const mutedUntilMs = this.#mutes?.get(userId) ?? this.#base.mutes.get(userId) ?? 0
      this.#change(userId, { userId, role: Role.MEMBER, joinSeq, mutedUntilMs, isActive: true })
      this.markRead(userId, joinSeq)
      if (this.#outside.joinRequests.has(this.id)) this.joinRequests.end(userId)
    }
    this.#memberSetChanged(userIds.length)
    this.memberCount += userIds.length
  }

  leave(userIds: readonly string[]): void {
    for (const userId of userIds) {
      const mutedUntilMs = this.member(userId)?.mutedUntilMs ?? 0
      if (mutedUntilMs > 0) (this.#mutes ??= new Map()).set(userId, mutedUntilMs)
      this.#change(userId, undefined)
    }
    this.#memberSetChanged(userIds.length)
    this.memberCount -= userIds.length
  }

  /** Of a member, who stays one. */
  alter(member: ActiveMember, changed: Partial<Pick<ActiveMember, 'role' | 'mutedUntilMs'>>): void {
    this.#change(member.userId, { ...member, ...changed })
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
    base.joinMode = this.joinMode
    base.isMutedAll = this.isMutedAll
    base.dissolvedSeq = this.dissolvedSeq
    for (const [userId, untilMs] of this.#mutes ?? []) base.mutes.set(userId, untilMs)
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
        base.mutes.delete(userId)
      }
    }
  }

  #change(userId: string, next: ActiveMember | undefined): void {
    this.#changes ??= new Map()
    this.#changes.set(userId, next)
  }

  /** Each who comes or goes is a version. */
  #memberSetChanged(count: number): void {
    this.#userIds = undefined
    this.memberVersion += count
  }

  #isAdmin(userId: string): boolean {
    const isChanged = this.#changes?.has(userId) === true
    const member = this.member(userId)
    // Of a large conversation not every admin is held.
    if (member === undefined) return !isChanged && this.isLarge && this.joinRequests.adminIds.includes(userId)
    return member.role >= Role.ADMIN
  }
}
