import type { TopicPartition, TopicPartitionOffset, TopicPartitions } from '../bus.ts'
import { keyOf } from '../assignment.ts'
import type { MemoryLog } from './log.ts'

export interface Member {
  readonly topics: readonly string[]
  revoke(): void
  assign(assigned: readonly TopicPartitions[]): void
}

/** Consumer groups with Kafka's eager rebalance: all members lose everything, then get their new share. */
export interface MemoryGroups {
  join(groupId: string, member: Member): void
  leave(groupId: string, member: Member): void
  commit(groupId: string, offsets: readonly TopicPartitionOffset[]): void
  committed(groupId: string): ReadonlyMap<string, TopicPartitionOffset>
}

export function createMemoryGroups(log: MemoryLog): MemoryGroups {
  const groups = new Map<string, { members: Set<Member>; committed: Map<string, TopicPartitionOffset> }>()

  function groupOf(groupId: string) {
    const group = groups.get(groupId) ?? { members: new Set(), committed: new Map() }
    groups.set(groupId, group)
    return group
  }

  return {
    join(groupId, member) {
      const { members } = groupOf(groupId)
      members.add(member)
      rebalance(members, log)
    },
    leave(groupId, member) {
      const { members } = groupOf(groupId)
      if (members.delete(member)) rebalance(members, log)
    },
    commit(groupId, offsets) {
      for (const offset of offsets) groupOf(groupId).committed.set(keyOf(offset.topic, offset.partition), offset)
    },
    committed: (groupId) => groupOf(groupId).committed,
  }
}

function rebalance(members: ReadonlySet<Member>, log: MemoryLog): void {
  for (const member of members) member.revoke()
  const topics = [...new Set([...members].flatMap((member) => member.topics))]
  const all: TopicPartition[] = topics.flatMap((topic) =>
    log.partitionsOf(topic).map((_, partition) => ({ topic, partition })),
  )
  const shares = new Map([...members].map((member) => [member, [] as TopicPartition[]]))
  for (const [index, { topic, partition }] of all.entries()) {
    const takers = [...members].filter((member) => member.topics.includes(topic))
    const taker = takers[index % takers.length]
    if (taker !== undefined) shares.get(taker)?.push({ topic, partition })
  }
  for (const [member, share] of shares) {
    const byTopic = Map.groupBy(share, ({ topic }) => topic)
    member.assign([...byTopic].map(([topic, own]) => ({ topic, partitions: own.map(({ partition }) => partition) })))
  }
}
