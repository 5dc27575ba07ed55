import type { QueuedRecord } from './item.ts'

/** Decoded records in order of arrival, all partitions of this process together. */
export interface Queue {
  /** Commands waiting. */
  readonly commands: number
  /** At or above its bound: no more should be fetched. */
  readonly isFull: boolean
  /** Well below its bound again. */
  readonly hasRoom: boolean
  push(record: QueuedRecord): void
  peek(): QueuedRecord | undefined
  shift(): void
  dropPartition(partition: number): void
  clear(): void
}

export interface QueueOptions {
  /** Default 4000. */
  readonly maxCommands?: number
  /** Default 64 MiB. */
  readonly maxBytes?: number
}

/** Bounded by pausing: what one fetch brings is taken even beyond the bound. A record without commands counts as one. */
export function createQueue({ maxCommands = 4000, maxBytes = 64 * 1024 * 1024 }: QueueOptions = {}): Queue {
  let records: QueuedRecord[] = []
  let head = 0
  let commands = 0
  let bytes = 0

  function count(record: QueuedRecord, sign: 1 | -1): void {
    commands += sign * Math.max(1, record.items.length)
    bytes += sign * record.bytes
  }

  return {
    get commands() {
      return commands
    },
    get isFull() {
      return commands >= maxCommands || bytes >= maxBytes
    },
    get hasRoom() {
      return commands <= maxCommands / 2 && bytes <= maxBytes / 2
    },
    push(record) {
      records.push(record)
      count(record, 1)
    },
    peek: () => records[head],
    shift() {
      const record = records[head]
      if (record === undefined) return
      count(record, -1)
      head += 1
      if (head < 256 && head < records.length) return
      records = records.slice(head)
      head = 0
    },
    dropPartition(partition) {
      const kept = records.slice(head).filter((record) => record.partition !== partition)
      records = kept
      head = 0
      commands = 0
      bytes = 0
      for (const record of kept) count(record, 1)
    },
    clear() {
      records = []
      head = 0
      commands = 0
      bytes = 0
    },
  }
}
