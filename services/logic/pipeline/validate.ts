/**
 * Station 6 of the message path. Before: services/logic/pipeline/consume.ts. After: services/logic/pipeline/evaluate/evaluate.ts.
 * A command that no gateway of ours would have made is refused before anything looks at its conversation.
 */
import { limits } from '#proto/frames/index.ts'
import { JoinMode, Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
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
  if (needsId(body.case) && !clientId.test(command.id)) return 'id'
  switch (body.case) {
    case 'send':
      if (!messageTypes.has(body.value.type)) return 'type'
      return body.value.body.length === 0 || body.value.body.length > limits.maxBodyBytes ? 'body' : undefined
    case 'add':
    case 'remove': {
      const { userIds } = body.value
      if (userIds.length === 0 || userIds.length > limits.maxMembersPerCommand) return 'user_ids'
      return userIds.every(isId) ? undefined : 'user_ids'
    }
    case 'rename':
      return isText(body.value.name, 1, limits.maxNameLength) ? undefined : 'name'
    case 'setAnnouncement':
      return isText(body.value.text, 0, limits.maxAnnouncementLength) ? undefined : 'text'
    case 'setJoinMode':
      return joinModes.has(body.value.joinMode) ? undefined : 'join_mode'
    case 'setRole':
      if (body.value.role !== Role.MEMBER && body.value.role !== Role.ADMIN) return 'role'
      return isId(body.value.userId) ? undefined : 'user_id'
    case 'mute':
      if (!isTime(body.value.untilMs)) return 'until_ms'
      return isId(body.value.userId) ? undefined : 'user_id'
    case 'transfer':
    case 'approve':
    case 'reject':
      return isId(body.value.userId) ? undefined : 'user_id'
    case 'read':
      return body.value.seq > 0 ? undefined : 'seq'
    case 'muteAll':
    case 'leave':
    case 'dissolve':
    case 'join':
    case 'withdraw':
    case 'typing':
    case 'announce':
      return undefined
    case undefined:
      return 'kind'
  }
}

const joinModes: ReadonlySet<JoinMode> = new Set([JoinMode.INVITE, JoinMode.APPROVAL, JoinMode.OPEN])

function needsId(kind: Command['body']['case']): boolean {
  return kind !== undefined && kind !== 'read' && kind !== 'typing' && kind !== 'announce'
}

function isText(text: string, min: number, max: number): boolean {
  if (text.length > 2 * max || !text.isWellFormed()) return false
  const length = Array.from(text).length
  return length >= min && length <= max
}

function isTime(ms: number): boolean {
  return Number.isInteger(ms) && ms >= 0 && ms <= limits.maxTimeMs
}

/** A 64-bit number other than 0, in decimal. */
export function isId(text: string): boolean {
  return id.test(text) && (text.length < maxId.length || text <= maxId)
}
