import assert from 'node:assert/strict'
import { ConversationKind, Role, type Entry } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { Cluster } from './cluster.ts'
import { replayLog } from './group-log.ts'
import { activeMembers, type MemoryConversation } from './memory-conversation.ts'

/** What a client asked for in one frame, and asks for again until it knows. */
export interface Frame {
  readonly conversationId: string
  readonly actorId: string
  readonly ids: readonly string[]
}

/** Every result that was sent, by `conversation actor id`. */
export type Results = ReadonlyMap<string, readonly Record<string, unknown>[]>

export function resultsByCommand(cluster: Cluster): Results {
  const results = new Map<string, Record<string, unknown>[]>()
  for (const reply of cluster.replies) {
    // The tests' frame ids begin with the actor.
    const actorId = String(reply['id']).split('.', 1)[0]
    for (const result of reply['results'] as Record<string, unknown>[]) {
      const id = result['clientMessageId'] ?? result['commandId']
      const key = `${String(reply['conversationId'])} ${actorId} ${String(id)}`
      results.set(key, [...(results.get(key) ?? []), result])
    }
  }
  return results
}

export function isFinal(result: Record<string, unknown>): boolean {
  return (result['error'] as { retryable: boolean } | undefined)?.retryable !== true
}

/** Everything that the message path promises, checked against what the database holds in the end. */
export function checkPromises(cluster: Cluster, frames: readonly Frame[]): void {
  const results = resultsByCommand(cluster)
  for (const conversation of cluster.repo.conversations.values()) {
    const { entries, members } = conversation
    for (const entry of entries.slice(1)) checkStoredOnce(entry, entries)
    checkDeliveries(cluster, conversation)
    checkChanges(cluster, conversation)
    checkGroup(conversation)
    checkSettling(cluster, conversation)
    for (const member of members.values()) assert.ok(member.readSeq <= entries.length, 'nobody read beyond the log')
  }
  for (const [key, all] of results) checkAcks(cluster, key, all)
  for (const frame of frames) checkOrder(frame, results)
}

function checkStoredOnce(entry: Entry, entries: readonly Entry[]): void {
  if (entry.clientMessageId === '') return
  const same = entries.filter((e) => e.senderId === entry.senderId && e.clientMessageId === entry.clientMessageId)
  assert.equal(same.length, 1, 'an id is stored once')
}

/** Acked: stored under that seq, with the same answer each time. */
function checkAcks(cluster: Cluster, key: string, results: readonly Record<string, unknown>[]): void {
  const [conversationId = '', actorId] = key.split(' ')
  const acked = results.filter((result) => result['seq'] !== undefined)
  assert.ok(new Set(acked.map((result) => result['seq'])).size <= 1, `one seq for ${key}`)
  const outcomes = new Set(results.flatMap(({ outcome }) => (outcome === undefined ? [] : [outcome])))
  assert.ok(outcomes.size <= 1, `one outcome for ${key}`)
  for (const { seq, outcome, commandId } of results) {
    if (outcome === undefined || seq !== undefined) continue
    const stored = cluster.repo.answers.get(`${conversationId} ${actorId} c ${String(commandId)}`)
    // What asks for nothing that is kept is no command with an id.
    if (commandId === '') continue
    assert.deepEqual([stored?.outcome, stored?.entry], [outcome, undefined], `${key} is stored without an entry`)
  }
  for (const { seq, clientMessageId, createdAt } of acked) {
    const entry = cluster.repo.conversations.get(conversationId)?.entries[Number(seq) - 1]
    assert.equal(entry?.senderId, actorId, `${key} is stored at its seq`)
    if (clientMessageId === undefined) continue
    assert.equal(entry?.clientMessageId, clientMessageId, `${key} is stored at its seq`)
    assert.equal(entry?.createdAtMs, createdAt, `${key} has the stored time`)
  }
}

/** Messages of a frame of which none was refused for good keep their order. */
function checkOrder(frame: Frame, results: Results): void {
  const seqs: number[] = []
  for (const id of frame.ids) {
    const all = results.get(`${frame.conversationId} ${frame.actorId} ${id}`) ?? []
    if (all.some((result) => result['error'] !== undefined && isFinal(result))) return
    const seq = all.find((result) => result['seq'] !== undefined)?.['seq']
    if (typeof seq === 'number') seqs.push(seq)
  }
  assert.deepEqual(
    seqs,
    seqs.toSorted((a, b) => a - b),
    'the order of a frame',
  )
}

/** Pushes are true copies, reach nobody who may not see them, and everybody who stayed a member. */
function checkDeliveries(cluster: Cluster, { id, entries, members, places }: MemoryConversation): void {
  const reached = entries.map(() => new Set<string>())
  for (const { frame, userIds } of cluster.deliveries) {
    if (frame['t'] !== 'message' || frame['conversationId'] !== id) continue
    const seq = Number(frame['seq'])
    const entry = entries[seq - 1]
    assert.ok(entry !== undefined, 'nothing is pushed that is not stored')
    assert.equal(frame['senderId'], entry.senderId)
    assert.equal(frame['type'], entry.type)
    assert.deepEqual(frame['body'], JSON.parse(Buffer.from(entry.body).toString()))
    for (const userId of userIds) {
      const maySee = places.some((place) => place.userId === userId && isIn(place, seq))
      assert.ok(maySee, `${userId} may see ${seq} in ${id}`)
      reached[seq - 1]?.add(userId)
    }
  }
  for (const [index, users] of reached.entries()) {
    if (index === 0) continue
    for (const member of members.values()) {
      const hasStayed = member.leaveSeq === 0 && isIn(member, index + 1)
      if (hasStayed) assert.ok(users.has(member.userId), `${member.userId} was told of ${index + 1} in ${id}`)
    }
  }
}

function isIn({ joinSeq, leaveSeq }: { joinSeq: number; leaveSeq: number }, seq: number): boolean {
  return joinSeq < seq && (leaveSeq === 0 || seq <= leaveSeq)
}

/** Who came or went is told by an entry, or, without one, by a frame of its own. */
function checkChanges(cluster: Cluster, { id, entries, members, changes }: MemoryConversation): void {
  const told = entries.flatMap(({ seq, type, senderId, body }) => {
    const { userIds = [] } = JSON.parse(Buffer.from(body).toString()) as { userIds?: string[] }
    if (type === 'added' || type === 'removed') return userIds.map((userId) => `${userId} ${seq}`)
    return type === 'left' || type === 'joined' ? [`${senderId} ${seq}`] : []
  })
  const loud = changes.filter(({ isQuiet }) => !isQuiet)
  assert.deepEqual(
    told,
    loud.map(({ userId, seq }) => `${userId} ${seq}`),
    'the log tells of those who came and went with an entry',
  )
  const latest = new Map(changes.map((change) => [change.userId, change]))
  for (const { userId, isQuiet } of latest.values()) {
    const { joinSeq, leaveSeq } = members.get(userId)!
    const isTold = cluster.deliveries.some(({ frame, userIds }) => {
      if (frame['t'] !== 'membership' || frame['conversationId'] !== id || !userIds.includes(userId)) return false
      return leaveSeq === 0 ? frame['joinSeq'] === joinSeq : Number(frame['leaveSeq']) >= leaveSeq
    })
    assert.ok(!isQuiet || isTold, `${userId} was told of its place in ${id}`)
  }
}

/** A group is what its log tells: with one owner after each entry, the roles and mutes, and what holds for all. */
function checkGroup(conversation: MemoryConversation): void {
  const { id, kind, entries, members, changes, dissolvedSeq, joinRequests } = conversation
  if (kind !== ConversationKind.GROUP) return
  const quiet = changes.filter(({ isQuiet }) => isQuiet)
  const told = replayLog(conversation.firstRoles, entries, quiet)
  assert.deepEqual(
    told.owners,
    entries.map(() => 1),
    `one owner after each entry of ${id}`,
  )
  const { name, announcement, joinMode, isMutedAll } = conversation
  assert.deepEqual(told.settings, { name, announcement, joinMode, isMutedAll, dissolvedSeq }, `what holds for ${id}`)
  const active = activeMembers(conversation).map(({ userId, role, mutedUntilMs }) => [userId, role, mutedUntilMs])
  assert.deepEqual(new Map(told.members.map((one) => [one[0], one])), new Map(active.map((one) => [one[0]!, one])), id)
  const owners = [...members.values()].filter(({ role }) => role === Role.OWNER)
  assert.equal(owners.length, 1, `one row of an owner in ${id}`)
  assert.equal(owners[0]?.leaveSeq, 0, `the owner of ${id} has not left`)
  for (const [userId, { isPending }] of joinRequests) {
    assert.ok(!isPending || members.get(userId)?.leaveSeq !== 0, `${userId} is in, and does not wait for ${id}`)
  }
}

/** While it is large, all its members are to be settled up to its last entry. */
function checkSettling(cluster: Cluster, { id, isLarge, entries, largeSeq }: MemoryConversation): void {
  if (!isLarge || largeSeq < entries.length) return
  const heads = cluster.settleDues.filter(({ conversationId }) => conversationId === id).map(({ headSeq }) => headSeq)
  assert.equal(Math.max(...heads), entries.length, `all of ${id} is to be settled`)
}
