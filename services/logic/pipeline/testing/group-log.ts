import { JoinMode, Role, type Entry } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { joinModeNumber } from '#proto/join-mode.ts'
import type { ChangeBody } from '#proto/frames/index.ts'

export interface QuietChange {
  readonly userId: string
  /** The last entry before it. */
  readonly seq: number
}

type Told = [userId: string, role: Role, mutedUntilMs: number]

/**
 * What the entries of a group come to, read by somebody who knows nothing else: but in a large one who came and went, of which
 * there are none.
 */
export function replayLog(
  firstRoles: Readonly<Record<string, Role>>,
  entries: readonly Entry[],
  quiet: readonly QuietChange[],
) {
  const roles = new Map(Object.entries(firstRoles))
  const mutes = new Map<string, number>()
  const owners: number[] = []
  const settings = {
    name: '',
    announcement: '',
    joinMode: JoinMode.INVITE as JoinMode,
    isMutedAll: false,
    dissolvedSeq: 0,
  }
  const count = () => [...roles.values()].filter((role) => role === Role.OWNER).length

  for (const { seq, type, senderId, body } of entries) {
    tell(seq, type, senderId, JSON.parse(Buffer.from(body).toString()) as object)
    for (const change of quiet) {
      if (change.seq !== seq) continue
      if (!roles.delete(change.userId)) roles.set(change.userId, Role.MEMBER)
    }
    owners.push(count())
  }
  const members = [...roles].map(([userId, role]): Told => [userId, role, mutes.get(userId) ?? 0])
  return { owners, settings, members }

  function tell(seq: number, type: string, senderId: string, body: object): void {
    switch (type) {
      case 'added':
        for (const userId of (body as ChangeBody<'added'>).userIds) roles.set(userId, Role.MEMBER)
        return
      case 'removed':
        for (const userId of (body as ChangeBody<'removed'>).userIds) roles.delete(userId)
        return
      case 'joined':
        roles.set(senderId, Role.MEMBER)
        return
      case 'left':
        roles.delete(senderId)
        return
      case 'roleChanged': {
        const { userId, role } = body as ChangeBody<'roleChanged'>
        roles.set(userId, role === 'admin' ? Role.ADMIN : Role.MEMBER)
        return
      }
      case 'transferred':
        roles.set((body as ChangeBody<'transferred'>).userId, Role.OWNER)
        roles.set(senderId, Role.ADMIN)
        return
      case 'muted': {
        const { userId, until } = body as ChangeBody<'muted'>
        mutes.set(userId, until)
        return
      }
      case 'unmuted':
        mutes.delete((body as ChangeBody<'unmuted'>).userId)
        return
      case 'renamed':
        settings.name = (body as ChangeBody<'renamed'>).name
        return
      case 'announced':
        settings.announcement = (body as ChangeBody<'announced'>).text
        return
      case 'joinModeChanged':
        settings.joinMode = joinModeNumber((body as ChangeBody<'joinModeChanged'>).joinMode)
        return
      case 'mutedAll':
      case 'unmutedAll':
        settings.isMutedAll = type === 'mutedAll'
        return
      case 'dissolved':
        settings.dissolvedSeq = seq
        return
      default:
    }
  }
}
