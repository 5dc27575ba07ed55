import type { Static } from 'typebox'
import { AppError } from '#infra/errors/index.ts'
import {
  ConversationKind,
  Role,
  type Conversation,
  type Entry,
  type Member,
} from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { ConversationSummary, Head } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import type { PendingActivity, ShowTaskResponse, TaskSummary } from '#proto/gen/gochat/task/v1/task_service_pb.ts'
import type { LoginResponse } from '#proto/gen/gochat/user/v1/auth_service_pb.ts'
import type { Device } from '#proto/gen/gochat/user/v1/session_service_pb.ts'
import type { User } from '#proto/gen/gochat/user/v1/user_pb.ts'
import { joinModeName } from '#proto/join-mode.ts'
import type * as schemas from './schemas/conversation.ts'
import type * as messages from './schemas/message.ts'
import type * as tasks from './schemas/task.ts'
import type * as users from './schemas/user.ts'

/** From what services answer to what clients get. */

export function userView(user: User | undefined): Static<typeof users.User.ref> {
  const { id, name, displayName, createdAtMs, isGuest } = present(user)
  return { id, name, displayName, createdAt: createdAtMs, isGuest }
}

/** What every way to log in answers with. */
type LoginMessage = Pick<
  LoginResponse,
  'user' | 'deviceId' | 'accessToken' | 'expiresAtMs' | 'refreshToken' | 'refreshExpiresAtMs'
>

export function sessionView(login: LoginMessage): Static<typeof users.Session.ref> {
  const { user, deviceId, accessToken, expiresAtMs, refreshToken, refreshExpiresAtMs } = login
  return {
    user: userView(user),
    deviceId,
    accessToken,
    expiresAt: expiresAtMs,
    refreshToken,
    refreshExpiresAt: refreshExpiresAtMs,
  }
}

export function deviceView(device: Device | undefined, currentSessionId: string): Static<typeof users.Device.ref> {
  const { id, name, sessionId, createdAtMs, lastSeenAtMs } = present(device)
  return {
    deviceId: id,
    name,
    createdAt: createdAtMs,
    lastSeenAt: lastSeenAtMs,
    isCurrent: sessionId === currentSessionId,
  }
}

export function conversationView(conversation: Conversation | undefined): Static<typeof schemas.Conversation.ref> {
  const { id, kind, name, lastSeq, memberCount, createdAtMs } = present(conversation)
  const isGroup = kind === ConversationKind.GROUP
  return {
    id,
    kind: isGroup ? 'group' : 'direct',
    ...(isGroup ? { name } : {}),
    lastSeq,
    memberCount,
    createdAt: createdAtMs,
  }
}

export function summaryView(summary: ConversationSummary): Static<typeof schemas.ConversationSummary.ref> {
  const member = present(summary.member)
  return {
    ...conversationView(summary.conversation),
    ...(summary.lastEntry === undefined ? {} : { lastEntry: entryView(summary.lastEntry) }),
    unread: summary.unread,
    readSeq: member.readSeq,
    role: roleView(member.role),
    ...(summary.peerId === '' ? {} : { peerId: summary.peerId }),
  }
}

export function groupView(
  conversation: Conversation | undefined,
  member: Member | undefined,
): Static<typeof schemas.Group.ref> {
  const { announcement, joinMode, isMutedAll } = present(conversation)
  const { userId: _, ...own } = memberView(present(member))
  return {
    ...conversationView(conversation),
    ...(announcement === '' ? {} : { announcement }),
    joinMode: joinModeName(joinMode),
    isMuted: isMutedAll,
    ...own,
  }
}

export function memberView(member: Member): Static<typeof schemas.Member.ref> {
  const { userId, role, joinSeq, readSeq, mutedUntilMs } = member
  return {
    userId,
    role: roleView(role),
    joinSeq,
    readSeq,
    ...(mutedUntilMs === 0 ? {} : { mutedUntil: mutedUntilMs }),
  }
}

export function entryView(entry: Entry): Static<typeof schemas.Entry.ref> {
  const { conversationId, seq, type, senderId, clientMessageId, body, createdAtMs } = entry
  return {
    conversationId,
    seq,
    type,
    senderId,
    ...(clientMessageId === '' ? {} : { clientMessageId }),
    body: JSON.parse(utf8.decode(body)) as unknown,
    createdAt: createdAtMs,
  }
}

export function headView(head: Head): Static<typeof messages.Head.ref> {
  const { conversationId, lastSeq, joinSeq, leaveSeq, readSeq, unread } = head
  return { conversationId, lastSeq, joinSeq, ...(leaveSeq === 0 ? {} : { leaveSeq }), readSeq, unread }
}

export function taskView(task: TaskSummary): Static<typeof tasks.Task.ref> {
  const { id, runId, kind, state, isOpen, conversationId, errorType, startedAtMs, closedAtMs } = task
  return {
    id,
    runId,
    kind,
    ...(state === '' ? {} : { state }),
    isOpen,
    ...(conversationId === '' ? {} : { conversationId }),
    ...(errorType === '' ? {} : { errorType }),
    startedAt: startedAtMs,
    ...(closedAtMs === 0 ? {} : { closedAt: closedAtMs }),
  }
}

export function taskDetailView(detail: ShowTaskResponse): Static<typeof tasks.TaskDetail.ref> {
  const { task, progressJson, pendingActivities, historyEvents } = detail
  return {
    ...taskView(present(task)),
    ...(progressJson === '' ? {} : { progress: JSON.parse(progressJson) as unknown }),
    pendingActivities: pendingActivities.map(activityView),
    historyEvents,
  }
}

function activityView({ name, attempt, lastFailure, heartbeatJson }: PendingActivity) {
  return {
    name,
    attempt,
    ...(lastFailure === '' ? {} : { lastFailure }),
    ...(heartbeatJson === '' ? {} : { heartbeat: JSON.parse(heartbeatJson) as unknown }),
  }
}

const utf8 = new TextDecoder()

function roleView(role: Role): 'member' | 'admin' | 'owner' {
  if (role === Role.OWNER) return 'owner'
  return role === Role.ADMIN ? 'admin' : 'member'
}

function present<T>(message: T | undefined): T {
  if (message === undefined) throw new AppError('INTERNAL', { message: 'an answer of logic lacks its message' })
  return message
}
