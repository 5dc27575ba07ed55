/**
 * Station 6 of the message path. Before: services/logic/pipeline/consume.ts. After: services/logic/pipeline/evaluate/evaluate.ts.
 * A command that no gateway of ours would have made is refused before anything looks at its conversation.
 */
import { limits } from '#proto/frames/index.ts'
import type { Command } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'

const id = /^[1-9][0-9]{0,19}$/
const clientId = /^[A-Za-z0-9_.:-]{1,64}$/
const maxId = '18446744073709551615'
const messageTypes = new Set(['text', 'action', 'custom'])

/**
 * What is wrong with a command, as a word for metrics and logs; undefined: nothing. Gateways send none of these. It keeps
 * everything behind it free of doubt: what passes can be spliced into JSON and given to the database.
 */
export function findFault(command: Command): string | undefined {
  if (!isId(command.conversationId)) return 'conversation_id'
  if (!isId(command.actorId)) return 'actor_id'
  const { body } = command
  switch (body.case) {
    case 'send':
      if (!clientId.test(command.id)) return 'id'
      if (!messageTypes.has(body.value.type)) return 'type'
      return body.value.body.length === 0 || body.value.body.length > limits.maxBodyBytes ? 'body' : undefined
    case 'add':
    case 'remove': {
      if (!clientId.test(command.id)) return 'id'
      const { userIds } = body.value
      if (userIds.length === 0 || userIds.length > limits.maxMembersPerCommand) return 'user_ids'
      return userIds.every(isId) ? undefined : 'user_ids'
    }
    case 'leave':
      return clientId.test(command.id) ? undefined : 'id'
    case 'read':
      return body.value.seq > 0 ? undefined : 'seq'
    case 'typing':
    case 'announce':
      return undefined
    case undefined:
      return 'kind'
  }
}

/** A 64-bit number other than 0, in decimal. */
export function isId(text: string): boolean {
  return id.test(text) && (text.length < maxId.length || text <= maxId)
}
