import type { TopicSpec } from '#infra/kafka/index.ts'

/** The topics of GoChat: their names, and how they are made. */
export const topics = {
  upstream: 'gochat.upstream',
  tasks: 'gochat.tasks',
} as const

/** One topic of one partition for each gateway slot. */
export function downstreamTopic(slot: number): string {
  return `gochat.downstream.${slot}`
}

export interface TopicPlan {
  /** A one-way choice: another number would move conversations to other partitions. */
  readonly upstreamPartitions: number
  /** How many gateways there can be. */
  readonly slots: number
  readonly replicationFactor: number
}

const hourMs = 60 * 60 * 1000
const mebibyte = 1024 * 1024
export const taskPartitions = 4

/** Every topic with its configuration. A downstream topic holds what a gateway may still read, not history. */
export function topicSpecs(plan: TopicPlan): TopicSpec[] {
  const { upstreamPartitions, slots, replicationFactor } = plan
  const common = {
    'cleanup.policy': 'delete',
    'compression.type': 'producer',
    'max.message.bytes': String(mebibyte),
    'message.timestamp.type': 'LogAppendTime',
    'min.insync.replicas': String(Math.max(1, replicationFactor - 1)),
    'unclean.leader.election.enable': 'false',
  }
  const durable = { ...common, 'retention.ms': String(72 * hourMs) }
  const passing = {
    ...common,
    'retention.ms': String(hourMs / 6),
    'retention.bytes': String(64 * mebibyte),
    'segment.bytes': String(16 * mebibyte),
    'segment.ms': String(hourMs / 12),
  }
  return [
    { topic: topics.upstream, partitions: upstreamPartitions, replicationFactor, configs: durable },
    { topic: topics.tasks, partitions: taskPartitions, replicationFactor, configs: durable },
    ...Array.from({ length: slots }, (_, slot) => {
      return { topic: downstreamTopic(slot), partitions: 1, replicationFactor, configs: passing }
    }),
  ]
}
