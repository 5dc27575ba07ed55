import type { TopicDrift, TopicSpec } from './bus.ts'

export interface ActualTopic {
  readonly topic: string
  readonly partitions: number
  readonly replicationFactor: number
  readonly configs: ReadonlyMap<string, string>
}

/** One entry for each setting of the specification that the topic does not have. Settings not specified are not compared. */
export function compareTopic(spec: TopicSpec, actual: ActualTopic): TopicDrift[] {
  const pairs: [setting: string, wanted: string, actual: string][] = [
    ['partitions', String(spec.partitions), String(actual.partitions)],
    ['replicationFactor', String(spec.replicationFactor), String(actual.replicationFactor)],
  ]
  for (const [name, value] of Object.entries(spec.configs)) {
    pairs.push([name, value, actual.configs.get(name) ?? 'unset'])
  }
  return pairs
    .filter(([, wanted, found]) => wanted !== found)
    .map(([setting, wanted, found]) => ({ topic: spec.topic, setting, wanted, actual: found }))
}
