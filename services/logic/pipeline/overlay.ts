import { Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { Subject } from '../authorize.ts'
import type { ActiveMember, Conversation } from './state.ts'

/**
 * A conversation as the commands of one batch find it: its state, and on top what earlier commands of the batch would
 * change. Nothing reaches the state before apply(), which follows the COMMIT; a batch that is evaluated again starts with new overlays.
 */
export interface Overlay extends Subject {
  readonly id: string
  readonly isLarge: boolean
  readonly lastSeq: number
  member(userId: string): ActiveMember | undefined
  readSeqOf(userId: string): number
  /** The active members now; the array stays as it is. */
  recipients(): readonly string[]
  /** The next seq, now taken. */
  takeSeq(): number
  /** They join with the entry that was taken last, and see it. */
  join(userIds: readonly string[]): void
  leave(userIds: readonly string[]): void
  markRead(userId: string, seq: number): void
  apply(): void
}

export function createOverlay(base: Conversation): Overlay {
  let lastSeq = base.lastSeq
  let memberCount = base.members.size
  let userIds: readonly string[] | undefined = base.userIds
  /** Undefined: gone. */
  let changes: Map<string, ActiveMember | undefined> | undefined
  let reads: Map<string, number> | undefined

  function member(userId: string): ActiveMember | undefined {
    return changes?.has(userId) === true ? changes.get(userId) : base.members.get(userId)
  }

  function change(userId: string, next: ActiveMember | undefined): void {
    changes ??= new Map()
    changes.set(userId, next)
    userIds = undefined
  }

  function recipients(): readonly string[] {
    if (userIds !== undefined) return userIds
    const list = base.userIds.filter((userId) => member(userId) !== undefined)
    for (const [userId, now] of changes ?? []) if (now !== undefined && !base.members.has(userId)) list.push(userId)
    userIds = list
    return list
  }

  return {
    id: base.id,
    kind: base.kind,
    isLarge: base.isLarge,
    get lastSeq() {
      return lastSeq
    },
    get memberCount() {
      return memberCount
    },
    member,
    readSeqOf: (userId) => reads?.get(userId) ?? base.readSeqs.get(userId) ?? 0,
    recipients,
    takeSeq: () => ++lastSeq,
    join(userIds) {
      for (const userId of userIds) {
        change(userId, { userId, role: Role.MEMBER, joinSeq: lastSeq - 1, mutedUntilMs: 0, isActive: true })
        this.markRead(userId, lastSeq - 1)
      }
      memberCount += userIds.length
    },
    leave(userIds) {
      for (const userId of userIds) change(userId, undefined)
      memberCount -= userIds.length
    },
    markRead(userId, seq) {
      reads ??= new Map()
      reads.set(userId, seq)
    },
    apply() {
      base.lastSeq = lastSeq
      base.userIds = recipients()
      for (const [userId, now] of changes ?? []) {
        if (now === undefined) base.members.delete(userId)
        else base.members.set(userId, now)
      }
      for (const [userId, seq] of reads ?? []) base.readSeqs.set(userId, seq)
      for (const [userId, now] of changes ?? []) if (now === undefined) base.readSeqs.delete(userId)
    },
  }
}
