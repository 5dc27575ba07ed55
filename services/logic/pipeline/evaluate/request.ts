import { DeliveryClass } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type {
  ConversationAppend,
  JoinRequestChange,
  Lookup,
  MemberChange,
  NewOutcome,
  PartitionAdvance,
  ReadMark,
} from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import type { Command } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import type { Item } from '../item.ts'

export function requestPart(conversationId: string): ConversationAppend {
  return {
    $typeName: 'gochat.message.v1.ConversationAppend',
    conversationId,
    entries: [],
    outcomes: [],
    reads: [],
    lookups: [],
    deliveryClass: DeliveryClass.UNSPECIFIED,
  }
}

/** The id of a command with an answer. */
export function lookupOf(command: Command): Lookup {
  const isMessage = command.body.case === 'send'
  return {
    $typeName: 'gochat.message.v1.Lookup',
    actorId: command.actorId,
    clientMessageId: isMessage ? command.id : '',
    commandId: isMessage ? '' : command.id,
    seq: 0,
  }
}

export function seqLookup(seq: number): Lookup {
  return { $typeName: 'gochat.message.v1.Lookup', actorId: '', clientMessageId: '', commandId: '', seq }
}

export function partitionAdvance(partition: number, epoch: number, from: number, to: number): PartitionAdvance {
  return { $typeName: 'gochat.message.v1.PartitionAdvance', partition, epoch, fromOffset: from, toOffset: to }
}

export function newOutcome({ command, hash }: Item, outcome: string): NewOutcome {
  return {
    $typeName: 'gochat.message.v1.NewOutcome',
    actorId: command.actorId,
    commandId: command.id,
    contentHash: hash,
    outcome,
    memberChanges: [],
    afterEntries: 0,
  }
}

/** A request to join; counted in behind the first so many entries of the request. */
export function joinRequestOutcome(
  item: Item,
  outcome: string,
  joinRequestChange: JoinRequestChange,
  afterEntries: number,
): NewOutcome {
  return { ...newOutcome(item, outcome), joinRequestChange, afterEntries }
}

/** Members come or go behind the first so many entries of the request. */
export function quietOutcome(item: Item, memberChanges: MemberChange[], afterEntries: number): NewOutcome {
  return { ...newOutcome(item, 'applied'), memberChanges, afterEntries }
}

export function readMark(userId: string, seq: number): ReadMark {
  return { $typeName: 'gochat.message.v1.ReadMark', userId, seq }
}
