import type { ChangeType } from '#proto/frames/index.ts'
import type { Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { ConversationChange, MemberChange, NewEntry } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import type { Refusal } from '../../authorize.ts'
import type { Item, Plan, Recipients } from '../item.ts'
import type { Overlay } from '../overlay.ts'

/** A message. Literals with their $typeName, because create() costs more than the rest of the evaluation. */
export function messageEntry(item: Item, type: string, body: Uint8Array): NewEntry {
  return {
    $typeName: 'gochat.message.v1.NewEntry',
    type,
    senderId: item.command.actorId,
    clientMessageId: item.command.id,
    commandId: '',
    contentHash: item.hash,
    body,
    isUnread: true,
    memberChanges: [],
  }
}

/** A change that members see; nobody has it to read. */
export function changeEntry(
  item: Item,
  type: ChangeType,
  body: object,
  memberChanges: MemberChange[],
  conversationChange?: ConversationChange,
): NewEntry {
  return {
    $typeName: 'gochat.message.v1.NewEntry',
    type,
    senderId: item.command.actorId,
    clientMessageId: '',
    commandId: item.command.id,
    contentHash: item.hash,
    body: Buffer.from(JSON.stringify(body)),
    isUnread: false,
    memberChanges,
    conversationChange,
  }
}

export function memberChange(userId: string, isActive: boolean, role: Role, mutedUntilMs?: number): MemberChange {
  return { $typeName: 'gochat.message.v1.MemberChange', userId, isActive, role, mutedUntilMs }
}

/** A change of the conversation itself, or of what a member may: nobody comes or goes. */
export function change(
  item: Item,
  overlay: Overlay,
  type: ChangeType,
  body: object,
  changed: { readonly members?: MemberChange[]; readonly conversation?: Partial<ConversationChange> },
): Plan {
  const conversationChange: ConversationChange | undefined = changed.conversation && {
    $typeName: 'gochat.message.v1.ConversationChange',
    isDissolved: false,
    ...changed.conversation,
  }
  const entry = changeEntry(item, type, body, changed.members ?? [], conversationChange)
  return { is: 'entry', entry, seq: overlay.takeSeq(), recipients: overlay.recipients() }
}

/** Those who stayed, and those who went with an entry. Of a large conversation these are members up to its seq. */
export function withGone(overlay: Overlay, gone: readonly string[]): Recipients {
  return overlay.isLarge ? overlay.recipients() : [...overlay.userIds(), ...gone]
}

/**
 * A refusal of anything but a message is kept with its id. Not that of who is not in the conversation: any stranger could
 * fill the table.
 */
export function refuse(refusal: Refusal): Plan {
  if (refusal.code === 'CONVERSATION_NOT_FOUND') return { is: 'lookup', refusal }
  return { is: 'outcome', outcome: refusal.code, refusal }
}
