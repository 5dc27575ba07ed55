import kafkajs, { type Admin } from 'kafkajs'
import { AppError } from '../../errors/index.ts'
import { sleep, withTimeout } from '../../lifecycle/index.ts'
import type { BusAdmin, TopicPartitionOffset, TopicSpec } from '../bus.ts'
import { compareTopic, type ActualTopic } from '../topics.ts'
import { createClient, type ClientOptions } from './client.ts'
import { toBusError } from './errors.ts'

const callTimeoutMs = 15_000

export interface KafkajsAdmin extends BusAdmin, AsyncDisposable {
  /** Partitions for which the group has no commit are left out. */
  committed(groupId: string, topics: readonly string[]): Promise<TopicPartitionOffset[]>
}

/** Connects with the first call. Every call is bounded by 15 s. @throws AppError UNAVAILABLE, DEADLINE_EXCEEDED */
export function createAdmin(clientOptions: ClientOptions): KafkajsAdmin {
  const admin = createClient(clientOptions, { requestTimeoutMs: 10_000, retries: 8 }).admin({ retry: { retries: 3 } })
  let connected: Promise<void> | undefined

  async function call<T>(what: string, fn: () => Promise<T>): Promise<T> {
    try {
      return await withTimeout(connect().then(fn), callTimeoutMs)
    } catch (error) {
      throw toBusError(error, `Kafka could not be asked to ${what}.`)
    }
  }

  function connect(): Promise<void> {
    connected ??= admin.connect().catch((error: unknown) => {
      connected = undefined
      throw error
    })
    return connected
  }

  return {
    topics: () => call('list topics', () => admin.listTopics()),
    watermarks: (topic) =>
      call('read watermarks', async () => {
        const offsets = await admin.fetchTopicOffsets(topic)
        return offsets.map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
      }),
    committed: (groupId, topics) =>
      call('read committed offsets', async () => {
        const answers = await admin.fetchOffsets({ groupId, topics: [...topics] })
        return answers
          .flatMap(({ topic, partitions }) => partitions.map((one) => ({ topic, ...one })))
          .map(({ topic, partition, offset }) => ({ topic, partition, offset: Number(offset) }))
          .filter(({ offset }) => offset >= 0)
      }),
    ensureTopics: (specs) =>
      call('ensure topics', async () => {
        const names = specs.map(({ topic }) => topic)
        if (names.length === 0) return { created: [], drift: [] }
        const created = (await doExist(admin, names)) ? [] : await createMissing(admin, specs)
        const actual = await describe(admin, specs)
        return { created, drift: specs.flatMap((spec, index) => compareTopic(spec, actual[index] as ActualTopic)) }
      }),
    async [Symbol.asyncDispose]() {
      if (connected !== undefined) await withTimeout(admin.disconnect(), 5000).catch(() => {})
    },
  }
}

/** Asks for these topics only: kafkajs fails a list of all topics when a single one of the cluster has no leader. */
async function doExist(admin: Admin, names: string[]): Promise<boolean> {
  try {
    await admin.fetchTopicMetadata({ topics: names })
    return true
  } catch (error) {
    if ((error as { type?: unknown }).type === 'UNKNOWN_TOPIC_OR_PARTITION') return false
    throw error
  }
}

async function createMissing(admin: Admin, specs: readonly TopicSpec[]): Promise<string[]> {
  const existing = new Set(await admin.listTopics())
  const topics = specs
    .filter(({ topic }) => !existing.has(topic))
    .map(({ topic, partitions, replicationFactor, configs }) => ({
      topic,
      numPartitions: partitions,
      replicationFactor,
      configEntries: Object.entries(configs).map(([name, value]) => ({ name, value })),
    }))
  if (topics.length === 0) return []
  // False when other processes created them first.
  const isOurs = await admin.createTopics({ topics, timeout: 10_000, waitForLeaders: true })
  return isOurs ? topics.map(({ topic }) => topic) : []
}

/** In the order of the specifications. A topic just created may take a moment to be known with all its leaders. */
async function describe(admin: Admin, specs: readonly TopicSpec[]): Promise<ActualTopic[]> {
  const names = specs.map(({ topic }) => topic)
  const { topics } = await leadersKnown(admin, names)
  // Makes kafkajs's later metadata requests name this topic instead of all (see doExist).
  await admin.fetchTopicOffsets(names[0] as string)
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: specs.map(({ topic, configs }) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name: topic,
      configNames: Object.keys(configs),
    })),
  })
  return names.map((name) => {
    const partitions = topics.find((topic) => topic.name === name)?.partitions ?? []
    const entries = resources.find(({ resourceName }) => resourceName === name)?.configEntries ?? []
    return {
      topic: name,
      partitions: partitions.length,
      replicationFactor: partitions[0]?.replicas.length ?? 0,
      configs: new Map(entries.map(({ configName, configValue }) => [configName, configValue])),
    }
  })
}

async function leadersKnown(admin: Admin, names: readonly string[]) {
  const deadline = performance.now() + 10_000
  for (;;) {
    try {
      const metadata = await admin.fetchTopicMetadata({ topics: [...names] })
      if (metadata.topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))) return metadata
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    if (performance.now() > deadline) throw new AppError('UNAVAILABLE', { message: 'Topics have no leaders.' })
    await sleep(100)
  }
}
