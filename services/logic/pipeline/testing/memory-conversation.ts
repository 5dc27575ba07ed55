import assert from 'node:assert/strict'
import { create } from '@bufbuild/protobuf'
import {
  DeliveryClass,
  EntrySchema,
  type Role,
  type ConversationKind,
  type Entry,
} from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { ConversationStateSchema, type StateWish } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import type { ConversationAppend, MemberChange, NewOutcome } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'

/** From joining to leaving; who comes back has another one. */
export interface MemoryMember {
  readonly userId: string
  readonly role: Role
  readonly joinSeq: number
  /** 0 while active. */
  leaveSeq: number
  readSeq: number
}

export interface MemoryConversation {
  readonly id: string
  readonly kind: ConversationKind
  isLarge: boolean
  readonly entries: Entry[]
  /** How many entries were the log's when it was last written as a large one. */
  largeSeq: number
  /** The latest place of each. */
  readonly members: Map<string, MemoryMember>
  readonly places: MemoryMember[]
  /** Each is a version. */
  readonly changes: { readonly userId: string; readonly seq: number; readonly isQuiet: boolean }[]
}

export function newConversation(id: string, kind: ConversationKind, roles: Record<string, Role>): MemoryConversation {
  const entry = create(EntrySchema, { conversationId: id, seq: 1, type: 'created', senderId: '1', createdAtMs: 1 })
  entry.body = Buffer.from(JSON.stringify({ kind: 'group', userIds: Object.keys(roles) }))
  const places = Object.entries(roles).map(([userId, role]) => ({ userId, role, joinSeq: 0, leaveSeq: 0, readSeq: 1 }))
  const members = new Map(places.map((member) => [member.userId, member]))
  return { id, kind, isLarge: false, entries: [entry], largeSeq: 0, members, places, changes: [] }
}

export function activeMembers({ members }: MemoryConversation): MemoryMember[] {
  return [...members.values()].filter(({ leaveSeq }) => leaveSeq === 0)
}

/** What a load promises: everyone of a direct conversation, of a large one only those asked for, unless the whole is wanted. */
export function stateOf(conversation: MemoryConversation, wish: StateWish) {
  const { id, kind, isLarge, entries, changes } = conversation
  const isWhole = !isLarge || wish.isWhole
  const active = activeMembers(conversation)
  return create(ConversationStateSchema, {
    conversationId: id,
    kind,
    deliveryClass: isLarge ? DeliveryClass.LARGE : DeliveryClass.DIRECT,
    lastSeq: entries.length,
    memberVersion: changes.length,
    memberCount: active.length,
    isWhole,
    members: active
      .filter(({ userId }) => isWhole || wish.userIds.includes(userId))
      .map((member) => ({ ...member, isActive: true })),
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
  for (const { type, senderId, clientMessageId, body, memberChanges } of part.entries) {
    const seq = entries.length + 1
    const entry = create(EntrySchema, { conversationId: id, seq, type, senderId, clientMessageId, body, createdAtMs })
    entries.push(entry)
    stored.push(entry)
    const sender = members.get(senderId)
    if (sender !== undefined) sender.readSeq = seq
    for (const change of memberChanges) {
      assert.ok(!conversation.isLarge || type === 'removed', 'in a large conversation coming and leaving are quiet')
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

function changeQuietly(conversation: MemoryConversation, { outcome, memberChanges }: NewOutcome): void {
  assert.equal(outcome === 'applied', memberChanges.length > 0, 'applied without an entry: members come or go')
  assert.ok(conversation.isLarge || memberChanges.length === 0, 'only large conversations are quiet')
  const seq = conversation.entries.length
  for (const change of memberChanges) applyChange(conversation, change, { seq, joinSeq: seq, isQuiet: true })
}

function applyChange(
  { members, places, changes }: MemoryConversation,
  { userId, isActive, role }: MemberChange,
  { seq, joinSeq, isQuiet }: { seq: number; joinSeq: number; isQuiet: boolean },
): void {
  const before = members.get(userId)
  // The owner counts a version for each change that it asks for.
  assert.notEqual(before?.leaveSeq === 0, isActive, 'a change changes something')
  if (!isActive && before !== undefined) before.leaveSeq = seq
  if (isActive) {
    const member = { userId, role, joinSeq, leaveSeq: 0, readSeq: joinSeq }
    members.set(userId, member)
    places.push(member)
  }
  changes.push({ userId, seq, isQuiet })
}
