import type { CommandInit } from './cluster.ts'

export interface From {
  readonly connection?: number
  readonly request?: string
}

const epoch = 7
const rest: From = { connection: 0 }

export function send(conversationId: string, actorId: string, id: string, text = id, from: From = {}): CommandInit {
  const body = { case: 'send', value: { type: 'text', body: Buffer.from(JSON.stringify({ text })) } } as const
  return { ...base(conversationId, actorId, id, from), body }
}

export function add(conversationId: string, actorId: string, id: string, userIds: string[], from = rest): CommandInit {
  return { ...base(conversationId, actorId, id, from), body: { case: 'add', value: { userIds } } }
}

export function remove(
  conversationId: string,
  actorId: string,
  id: string,
  userIds: string[],
  from = rest,
): CommandInit {
  return { ...base(conversationId, actorId, id, from), body: { case: 'remove', value: { userIds } } }
}

export function leave(conversationId: string, actorId: string, id: string, from = rest): CommandInit {
  return { ...base(conversationId, actorId, id, from), body: { case: 'leave', value: {} } }
}

/** Any command that is answered. */
export function command(
  conversationId: string,
  actorId: string,
  id: string,
  body: NonNullable<CommandInit['body']>,
  from = rest,
): CommandInit {
  return { ...base(conversationId, actorId, id, from), body }
}

export function read(conversationId: string, actorId: string, seq: number): CommandInit {
  return { conversationId, actorId, body: { case: 'read', value: { seq } } }
}

export function typing(conversationId: string, actorId: string): CommandInit {
  return { conversationId, actorId, body: { case: 'typing', value: {} } }
}

export function announce(conversationId: string, actorId: string): CommandInit {
  return { conversationId, actorId, body: { case: 'announce', value: {} } }
}

/** Every command asks under its own id as frame id, unless told otherwise. */
function base(conversationId: string, actorId: string, id: string, { connection = 1, request = id }: From) {
  return { conversationId, actorId, id, replyTo: { slot: 0, epoch, connection, request } }
}
