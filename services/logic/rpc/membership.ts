import { AppError } from '#infra/errors/index.ts'
import type { Client } from '#infra/rpc/index.ts'
import type { ConversationRepo } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import type { Conversation, Member } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { authorize, type Action } from '../authorize.ts'
import { requireId } from './arguments.ts'

export interface Membership {
  readonly conversation: Conversation
  readonly member: Member
}

/** What the data layer says; without member: it never was there. */
interface Found {
  readonly conversation?: Conversation | undefined
  readonly member?: Member | undefined
}

export type MembershipReader = Pick<Client<typeof ConversationRepo>, 'getMembership'>

/** The actor's place in the conversation, if it allows the action. @throws AppError CONVERSATION_NOT_FOUND, FORBIDDEN */
export async function requireMembership(
  repo: MembershipReader,
  userId: string,
  conversationId: string,
  action: Action,
): Promise<Membership> {
  requireId('conversationId', conversationId)
  return admit(await repo.getMembership({ userId, conversationId }), action)
}

/** The same of a membership that was read with something else. @throws AppError CONVERSATION_NOT_FOUND, FORBIDDEN */
export function admit(found: Found | undefined, action: Action): Membership {
  const { conversation, member } = found ?? {}
  const refusal = authorize(member, action, conversation)
  if (refusal !== undefined) {
    throw new AppError(refusal.code, refusal.message === undefined ? {} : { message: refusal.message })
  }
  if (conversation === undefined || member === undefined) throw new AppError('CONVERSATION_NOT_FOUND')
  return { conversation, member }
}
