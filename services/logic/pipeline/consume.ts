/**
 * Station 5 of the message path. Before: services/gateway/upstream.ts. After: services/logic/pipeline/validate.ts.
 * A Kafka record becomes commands again, in order, queued until the pump takes all that waits.
 */
import { partitionOf } from '#delivery/partition.ts'
import type { ConsumedRecord } from '#infra/kafka/index.ts'
import { decode, encode } from '#infra/protobuf/index.ts'
import { UpstreamRecordSchema, type Command } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { contentHash } from './content-hash.ts'
import { noop, type Item, type Poison, type QueuedRecord } from './item.ts'
import { findFault } from './validate.ts'

/**
 * Decodes one record. What cannot be decoded becomes a record without commands, so that its offset is passed like any
 * other.
 */
export function decodeRecord(partition: number, record: ConsumedRecord, partitions: number): QueuedRecord {
  const { offset, timestampMs, value } = record
  const place = { partition, offset }
  const poison: Poison[] = []
  let commands: readonly Command[] = []
  try {
    // Fields that this version does not know are kept: a copy of poison may be for a later one.
    ;({ commands } = decode(UpstreamRecordSchema, value))
  } catch {
    poison.push({ ...place, reason: 'undecodable', value })
  }
  const items: Item[] = []
  for (const [index, command] of commands.entries()) {
    let fault = findFault(command)
    // In a wrong partition it would be applied by a second writer.
    if (fault === undefined && partitionOf(command.conversationId, partitions) !== partition) fault = 'partition'
    if (fault !== undefined) poison.push({ ...place, index, reason: fault, value: recordWith(command) })
    const key = fault === undefined ? keyOf(command) : ''
    const hash = key === '' ? noHash : contentHash(command)
    items.push({ command, partition, offset, index, timestampMs, key, hash, fault, plan: noop })
  }
  return { ...place, timestampMs, bytes: value.length, items, poison }
}

/** A record's value that holds one command of another. */
export function recordWith(command: Command): Uint8Array {
  return encode(UpstreamRecordSchema, { commands: [command] })
}

const noHash = new Uint8Array()

/** Messages and other commands have ids of their own: the same string in both is not the same wish. */
function keyOf(command: Command): string {
  switch (command.body.case) {
    case 'send':
      return messageKey(command.conversationId, command.actorId, command.id)
    case 'read':
    case 'typing':
    case 'announce':
    case undefined:
      return ''
    default:
      return commandKey(command.conversationId, command.actorId, command.id)
  }
}

export function messageKey(conversationId: string, actorId: string, clientMessageId: string): string {
  return `${conversationId} ${actorId} m ${clientMessageId}`
}

export function commandKey(conversationId: string, actorId: string, commandId: string): string {
  return `${conversationId} ${actorId} c ${commandId}`
}
