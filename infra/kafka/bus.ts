import type { AppError } from '../errors/index.ts'

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface TopicPartitions {
  readonly topic: string
  readonly partitions: readonly number[]
}

/** A record's offset, or in a commit or a seek the offset to read next. Below 2^53, as every offset met in practice is. */
export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: number
}

export interface ProducedRecord extends TopicPartition {
  readonly key?: Buffer
  readonly value: Buffer
  readonly headers?: Readonly<Record<string, string | Buffer>>
}

export interface ConsumedRecord {
  readonly offset: number
  readonly key: Buffer | undefined
  /** Empty where the record has none. */
  readonly value: Buffer
  /** Set by the broker (LogAppendTime). */
  readonly timestampMs: number
  readonly headers: Readonly<Record<string, Buffer>>
}

/** Neighbouring records of one partition. */
export interface RecordBatch extends TopicPartition {
  readonly records: readonly ConsumedRecord[]
  /** The offset that the next record of the partition will get, as of this fetch. */
  readonly highWatermark: number
  /** The assignment under which it was handed over. */
  readonly generation: number
}

export interface ProducerOptions {
  /** No new attempt starts after it; one under way may take some seconds more. Default 12 000: a cluster needs 9 s to replace a dead broker. */
  readonly timeoutMs?: number
}

export interface BusProducer extends AsyncDisposable {
  /**
   * Resolves when every record is in the log of all in-sync replicas: one entry per (topic, partition), with the offset
   * of its first record. Records of one partition keep their order. At least once: an attempt whose answer was lost is repeated.
   * @throws AppError UNAVAILABLE: the outcome is unknown, some may be in the log. PAYLOAD_TOO_LARGE: the broker refused.
   */
  send(records: readonly ProducedRecord[]): Promise<TopicPartitionOffset[]>
}

export interface ConsumerRun {
  readonly groupId: string
  readonly topics: readonly string[]
  /**
   * `committed`: where the group committed last, else the oldest record.
   * `end`: only what is produced from now on. For a group with a single member: the position is kept in memory, later
   * generations go on from it and nothing needs a commit.
   */
  readonly startAt: 'committed' | 'end'
  /** For run() to resolve. Default 60 000: after a crash, the group first waits for the dead member's session. */
  readonly startTimeoutMs?: number
  /** Hands over; must return at once. Each record once per generation, in order per partition, never while paused. */
  onRecords(batch: RecordBatch): void
  /**
   * A new generation, before any of its records. Nothing is paused in it. The generation counts this consumer's joins.
   * With `committed`, reading starts again at the last commit, also for partitions that were kept: drop what is queued.
   */
  onAssigned(assigned: readonly TopicPartitions[], generation: number): void
  /** The generation ends. A commit called (not awaited) in here still counts; after it, commits fail. */
  onRevoked?(assigned: readonly TopicPartitions[], generation: number): void
  /** Right after onAssigned, when the client had given up and started anew: records may have been missed. */
  onRejoined?(): void
  /** It stands still for good and nothing but a new process helps. At most once, not after stop(). */
  onCrash(error: AppError): void
}

export interface ConsumerHealth {
  readonly isJoined: boolean
  /** Epoch milliseconds. Fetches go on, every 200 ms, while there is nothing to read. */
  readonly lastFetchAt: number | undefined
  readonly lastHeartbeatAt: number | undefined
  readonly assigned: readonly TopicPartitions[]
  readonly paused: readonly TopicPartitions[]
  /** Records known to be in the log and not handed over yet. */
  readonly lag: number
}

export interface BusConsumer extends AsyncDisposable {
  /**
   * Resolves when the group is joined, a first fetch is back and every position is known: what is produced from now on
   * will be handed over. Once only.
   */
  run(run: ConsumerRun): Promise<void>
  /** At once: nothing more of these partitions is handed over. Default all assigned ones of the topic; others are ignored. */
  pause(topic: string, partitions?: readonly number[]): void
  /** Takes effect with the next fetch, within 200 ms. */
  resume(topic: string, partitions?: readonly number[]): void
  /** The next record handed over is the one at this offset. @throws AppError FENCED when not assigned. */
  seek(topic: string, partition: number, offset: number): void
  /**
   * Offsets to read next. One attempt.
   * @throws AppError FENCED: not assigned in this generation, or beyond what it handed over. UNAVAILABLE: try again.
   */
  commit(offsets: readonly TopicPartitionOffset[]): Promise<void>
  /** What the group has committed for the run's topics; partitions without a commit are left out. */
  committed(): Promise<TopicPartitionOffset[]>
  health(): ConsumerHealth
  /** Nothing is handed over any more. Leaves the group; bounded by 5 s. May be called twice. */
  stop(): Promise<void>
}

export interface TopicSpec {
  readonly topic: string
  readonly partitions: number
  readonly replicationFactor: number
  /** Kafka's names and values, such as `{ 'retention.ms': '600000' }`. */
  readonly configs: Readonly<Record<string, string>>
}

/** What differs between a topic and its specification. Reported, never repaired: more partitions would re-hash the keys. */
export interface TopicDrift {
  readonly topic: string
  /** `partitions`, `replicationFactor` or the name of a config. */
  readonly setting: string
  readonly wanted: string
  readonly actual: string
}

export interface EnsuredTopics {
  readonly created: readonly string[]
  readonly drift: readonly TopicDrift[]
}

export interface Watermarks {
  readonly partition: number
  /** The oldest record's offset. */
  readonly low: number
  /** The offset that the next record will get. */
  readonly high: number
}

export interface BusAdmin {
  /** Creates what is missing, waits for its leaders, compares the rest. Several processes may call it at once. */
  ensureTopics(specs: readonly TopicSpec[]): Promise<EnsuredTopics>
  watermarks(topic: string): Promise<Watermarks[]>
  topics(): Promise<string[]>
}

/** The seam to Kafka: no type of a client library passes it. Nothing deletes topics: one deleted topic poisons every kafkajs producer that knew it. */
export interface Bus extends AsyncDisposable {
  producer(options?: ProducerOptions): Promise<BusProducer>
  consumer(): Promise<BusConsumer>
  admin(): Promise<BusAdmin>
}
