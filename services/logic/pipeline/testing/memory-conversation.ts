import assert from 'node:assert/strict'
import { create } from '@bufbuild/protobuf'
import {
  DeliveryClass,
  EntrySchema,
  JoinMode,
  Role,
  type ConversationKind,
  type Entry,
} from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import {
  ConversationStateSchema,
  JoinRequestsSchema,
  type JoinRequests,
  type StateWish,
} from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import type {
  ConversationAppend,
  ConversationChange,
  MemberChange,
  NewOutcome,
} from '#proto/gen/gochat/message/v1/message_repo_pb.ts'

/** From joining to leaving; who comes back has another one. */
export interface MemoryMember {
  readonly userId: string
  role: Role
  mutedUntilMs: number
  readonly joinSeq: number
  /** 0 while active. */
  leaveSeq: number
  readSeq: number
}

export interface MemoryConversation {
  readonly id: string
  readonly kind: ConversationKind
  readonly firstRoles: Readonly<Record<string, Role>>
  isLarge: boolean
  readonly entries: Entry[]
  /** How many entries were the log's when it was last written as a large one. */
  largeSeq: number
  /** The latest place of each. */
  readonly members: Map<string, MemoryMember>
  readonly places: MemoryMember[]
  /** Each is a version. */
  readonly changes: { readonly userId: string; readonly seq: number; readonly isQuiet: boolean }[]
  name: string
  announcement: string
  joinMode: JoinMode
  isMutedAll: boolean
  dissolvedSeq: number
  readonly joinRequests: Map<string, { readonly isPending: boolean; readonly keptAnswers: number }>
}

export function newConversation(id: string, kind: ConversationKind, roles: Record<string, Role>): MemoryConversation {
  const entry = create(EntrySchema, { conversationId: id, seq: 1, type: 'created', senderId: '1', createdAtMs: 1 })
  entry.body = Buffer.from(JSON.stringify({ kind: 'group', userIds: Object.keys(roles) }))
  const places = Object.entries(roles).map(([userId, role]) => ({ ...newMember(userId, role, 0), readSeq: 1 }))
  const members = new Map(places.map((member) => [member.userId, member]))
  return {
    id,
    kind,
    firstRoles: roles,
    isLarge: false,
    entries: [entry],
    largeSeq: 0,
    members,
    places,
    changes: [],
    name: '',
    announcement: '',
    joinMode: JoinMode.INVITE,
    isMutedAll: false,
    dissolvedSeq: 0,
    joinRequests: new Map(),
  }
}

function newMember(userId: string, role: Role, joinSeq: number): MemoryMember {
  return { userId, role, mutedUntilMs: 0, joinSeq, leaveSeq: 0, readSeq: joinSeq }
}

export function activeMembers({ members }: MemoryConversation): MemoryMember[] {
  return [...members.values()].filter(({ leaveSeq }) => leaveSeq === 0)
}

/** What a load promises: everyone of a direct conversation, of a large one only those asked for, unless the whole is wanted. */
export function stateOf(conversation: MemoryConversation, wish: StateWish) {
  const { id, kind, isLarge, entries, changes } = conversation
  const isWhole = !isLarge || wish.isWhole
  const active = activeMembers(conversation)
  const isNamed = ({ userId }: MemoryMember) => isWhole || wish.userIds.includes(userId)
  const former = [...conversation.members.values()].filter(
    ({ leaveSeq, mutedUntilMs }) => leaveSeq > 0 && mutedUntilMs > 0,
  )
  return create(ConversationStateSchema, {
    conversationId: id,
    kind,
    deliveryClass: isLarge ? DeliveryClass.LARGE : DeliveryClass.DIRECT,
    lastSeq: entries.length,
    memberVersion: changes.length,
    memberCount: active.length,
    isWhole,
    members: active.filter(isNamed).map((member) => ({ ...member, isActive: true })),
    muted: former.filter(isNamed).map(({ userId, mutedUntilMs }) => ({ userId, untilMs: mutedUntilMs })),
    joinMode: conversation.joinMode,
    isMutedAll: conversation.isMutedAll,
    dissolvedSeq: conversation.dissolvedSeq,
  })
}

/** Of the named users, and who decides. */
export function joinRequestsOf(conversation: MemoryConversation, named: ReadonlySet<string>): JoinRequests {
  const requests = [...conversation.joinRequests].map(([userId, request]) => ({ userId, ...request }))
  return create(JoinRequestsSchema, {
    conversationId: conversation.id,
    pendingCount: requests.filter(({ isPending }) => isPending).length,
    requests: requests.filter(({ userId }) => named.has(userId)),
    adminIds: activeMembers(conversation).flatMap(({ userId, role }) => (role >= Role.ADMIN ? [userId] : [])),
  })
}

/** Applies one part of an append. Returns its entries as they are stored. */
export function write(conversation: MemoryConversation, part: ConversationAppend, createdAtMs: number): Entry[] {
  const { id, entries, members } = conversation
  if (part.deliveryClass !== DeliveryClass.UNSPECIFIED) {
    assert.ok(part.entries.length + part.outcomes.length > 0, 'a class comes with something that is kept')
    conversation.isLarge = part.deliveryClass === DeliveryClass.LARGE
  }
  const stored: Entry[] = []
  applyQuiet(0)
  for (const { type, senderId, clientMessageId, body, memberChanges, conversationChange } of part.entries) {
    const seq = entries.length + 1
    assert.equal(conversation.dissolvedSeq, 0, 'nothing follows the last entry')
    const entry = create(EntrySchema, { conversationId: id, seq, type, senderId, clientMessageId, body, createdAtMs })
    entries.push(entry)
    stored.push(entry)
    const sender = members.get(senderId)
    if (sender !== undefined) sender.readSeq = seq
    if (conversationChange !== undefined) changeConversation(conversation, conversationChange, seq)
    for (const change of memberChanges) {
      const isQuietOne = ['added', 'joined', 'left'].includes(type)
      assert.ok(!conversation.isLarge || !isQuietOne, 'in a large conversation coming and leaving are quiet')
      applyChange(conversation, change, { seq, joinSeq: seq - 1, isQuiet: false })
    }
    applyQuiet(stored.length)
  }
  if (conversation.isLarge && stored.length > 0) conversation.largeSeq = entries.length
  for (const { userId, seq } of part.reads) {
    const member = members.get(userId)
    if (member !== undefined) member.readSeq = Math.max(member.readSeq, Math.min(seq, entries.length))
  }
  return stored

  function applyQuiet(afterEntries: number): void {
    for (const outcome of part.outcomes) {
      assert.ok(outcome.afterEntries <= part.entries.length)
      if (outcome.afterEntries === afterEntries) changeQuietly(conversation, outcome)
    }
  }
}

function changeQuietly(conversation: MemoryConversation, part: NewOutcome): void {
  const { outcome, memberChanges, joinRequestChange } = part
  const isChange = memberChanges.length > 0 || joinRequestChange !== undefined
  assert.ok(
    outcome === 'noop' || (outcome === 'applied' || outcome === 'pending') === isChange,
    'a change is an answer',
  )
  assert.ok(conversation.isLarge || memberChanges.length === 0, 'only large conversations are quiet')
  const seq = conversation.entries.length
  for (const change of memberChanges) applyChange(conversation, change, { seq, joinSeq: seq, isQuiet: true })
  if (joinRequestChange === undefined) return
  const { userId, isPending, keptAnswers } = joinRequestChange
  assert.notEqual(conversation.members.get(userId)?.leaveSeq, 0, 'who is in does not ask to join')
  conversation.joinRequests.set(userId, { isPending, keptAnswers })
}

function applyChange(
  { members, places, changes, joinRequests }: MemoryConversation,
  { userId, isActive, role, mutedUntilMs }: MemberChange,
  { seq, joinSeq, isQuiet }: { seq: number; joinSeq: number; isQuiet: boolean },
): void {
  const before = members.get(userId)
  if (before?.leaveSeq === 0 && isActive) {
    assert.ok(before.role !== role || mutedUntilMs !== undefined, 'a change changes something')
    before.role = role
    before.mutedUntilMs = mutedUntilMs ?? before.mutedUntilMs
    return
  }
  // The owner counts a version for each who comes or goes.
  assert.notEqual(before?.leaveSeq === 0, isActive, 'a change changes something')
  if (!isActive && before !== undefined) before.leaveSeq = seq
  if (isActive) {
    const member = { ...newMember(userId, role, joinSeq), mutedUntilMs: before?.mutedUntilMs ?? 0 }
    members.set(userId, member)
    places.push(member)
    joinRequests.delete(userId)
  }
  changes.push({ userId, seq, isQuiet })
}

function changeConversation(conversation: MemoryConversation, change: ConversationChange, seq: number): void {
  conversation.name = change.name ?? conversation.name
  conversation.announcement = change.announcement ?? conversation.announcement
  conversation.joinMode = change.joinMode ?? conversation.joinMode
  conversation.isMutedAll = change.isMutedAll ?? conversation.isMutedAll
  if (change.isDissolved) conversation.dissolvedSeq = seq
}
