/**
 * Station 8 of the message path. Before: services/logic/pipeline/evaluate/evaluate.ts. After: services/logic/pipeline/append.ts.
 * Whether this actor may do this in this conversation: the one answer for commands and reads.
 */
import type { ErrorCode } from '#infra/errors/index.ts'
import { ConversationKind, Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'

/** Somebody's place in a conversation; undefined where there never was one. */
export interface Actor {
  readonly role: Role
  readonly isActive: boolean
  readonly mutedUntilMs: number
}

export interface Subject {
  readonly kind: ConversationKind
  readonly memberCount: number
}

export type Action =
  'send' | 'read' | 'typing' | 'add' | 'remove' | 'leave' | 'see history' | 'see details' | { readonly remove: Actor }

/** Why not. The message is for developers; absent: the table's. */
export interface Refusal {
  readonly code: ErrorCode
  readonly message?: string
}

/**
 * The one place that says who may do what in a conversation, for commands and for reads. Undefined: allowed.
 * Who is not in the conversation cannot tell it from one that does not exist. `remove` asks whether the actor may remove
 * anybody at all, `{ remove: target }` whether that one.
 */
export function authorize(
  actor: Actor | undefined,
  action: Action,
  conversation: Subject | undefined,
  nowMs = Date.now(),
): Refusal | undefined {
  if (actor === undefined || conversation === undefined) return notFound
  // Former members keep what they were entitled to see, and nothing else.
  if (!actor.isActive) return action === 'see history' ? undefined : notFound
  if (typeof action === 'object') return actor.role > action.remove.role ? undefined : forbidden
  switch (action) {
    case 'send':
      return actor.mutedUntilMs > nowMs ? muted : undefined
    case 'read':
    case 'typing':
    case 'see history':
    case 'see details':
      return undefined
    case 'add':
    case 'remove':
      if (conversation.kind !== ConversationKind.GROUP) return groupsOnly
      return actor.role >= Role.ADMIN ? undefined : forbidden
    case 'leave':
      if (conversation.kind !== ConversationKind.GROUP) return groupsOnly
      return actor.role === Role.OWNER && conversation.memberCount > 1 ? ownerStays : undefined
  }
}

const notFound: Refusal = { code: 'CONVERSATION_NOT_FOUND' }
const forbidden: Refusal = { code: 'FORBIDDEN' }
const muted: Refusal = { code: 'FORBIDDEN', message: 'Muted in this conversation.' }
const groupsOnly: Refusal = { code: 'FORBIDDEN', message: 'The two sides of a direct conversation never change.' }
const ownerStays: Refusal = {
  code: 'FORBIDDEN',
  message: 'The owner cannot leave while there are other members: transfer the ownership first.',
}
