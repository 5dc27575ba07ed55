import assert from 'node:assert/strict'
import type { Entry } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { Cluster } from './cluster.ts'

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
  for (const { id, entries, members } of cluster.repo.conversations.values()) {
    const seen = replay(entries)
    for (const entry of entries.slice(1)) checkStoredOnce(entry, entries)
    checkDeliveries(cluster, id, entries, seen)
    const active = [...members].filter(([, member]) => member.isActive).map(([userId]) => userId)
    assert.deepEqual(new Set(active), seen.at(-1)?.members, 'the members are those that the log tells')
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

interface Seen {
  readonly members: ReadonlySet<string>
  /** Members after the entry, and who went with it. */
  readonly recipients: ReadonlySet<string>
}

/** Who saw each entry, from the log alone. */
function replay(entries: readonly Entry[]): Seen[] {
  const members = new Set<string>()
  return entries.map(({ type, senderId, body }) => {
    const { userIds = [] } = JSON.parse(Buffer.from(body).toString()) as { userIds?: string[] }
    if (type === 'created' || type === 'added') for (const userId of userIds) members.add(userId)
    const gone = type === 'removed' ? userIds : type === 'left' ? [senderId] : []
    for (const userId of gone) members.delete(userId)
    return { members: new Set(members), recipients: new Set([...members, ...gone]) }
  })
}

/** Pushes are true copies, reach nobody who may not see them, and everybody who stayed a member. */
function checkDeliveries(cluster: Cluster, id: string, entries: readonly Entry[], seen: readonly Seen[]): void {
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
      assert.ok(seen[seq - 1]?.recipients.has(userId), `${userId} may see ${seq}`)
      reached[seq - 1]?.add(userId)
    }
  }
  for (const [index, { members }] of seen.entries()) {
    if (index === 0) continue
    for (const userId of members) {
      const hasStayed = seen.slice(index).every((later) => later.members.has(userId))
      if (hasStayed) assert.ok(reached[index]?.has(userId), `${userId} was told of ${index + 1} in ${id}`)
    }
  }
}
