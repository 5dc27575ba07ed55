import { create } from '@bufbuild/protobuf'
import { CommandSchema } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { noop, type Item, type QueuedRecord } from '../item.ts'
import type { Outside } from '../overlay.ts'
import type { CommandInit } from './cluster.ts'

export function itemOf(command: CommandInit, more: Partial<Item> = {}): Item {
  const place = { partition: 0, offset: 0, index: 0, timestampMs: 0 }
  const hash = new Uint8Array(16)
  return { ...place, command: create(CommandSchema, command), key: '', hash, fault: undefined, plan: noop, ...more }
}

/** A record of so many commands. */
export function recordOf(partition: number, offset: number, commands = 1, bytes = 10): QueuedRecord {
  const items = Array.from({ length: commands }, () => itemOf({ conversationId: '1', actorId: '1' }))
  return { partition, offset, timestampMs: 0, bytes, items, poison: [] }
}

/** For conversations that nobody asks to join. */
export const nobodyAsks: Outside = { joinRequests: new Map(), pendingByUser: new Map() }
