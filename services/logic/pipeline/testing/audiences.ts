import assert from 'node:assert/strict'
import type { AudienceOut } from '#delivery/emit.ts'
import type { MemoryRepo } from './memory-repo.ts'

interface Known {
  readonly version: number
  readonly members: readonly { readonly userId: string; readonly joinSeq: number; readonly leaveSeq: number }[]
}

/** A gateway that all users are on: it learns who is a member when it is told a newer version, and not before. */
export function createAudiences(repo: Pick<MemoryRepo, 'conversations'>): (audience: AudienceOut) => string[] {
  const known = new Map<string, Known>()

  function learn(conversationId: string): Known {
    const { changes, members } = repo.conversations.get(conversationId)!
    const now = { version: changes.length, members: [...members.values()].map((member) => ({ ...member })) }
    known.set(conversationId, now)
    return now
  }

  return ({ conversationId, seq, memberVersion }) => {
    let audience = known.get(conversationId)
    if (audience === undefined || audience.version < memberVersion) audience = learn(conversationId)
    assert.ok(memberVersion <= audience.version, 'no version runs ahead of the effects')
    return audience.members
      .filter(({ joinSeq, leaveSeq }) => joinSeq < seq && (leaveSeq === 0 || seq <= leaveSeq))
      .map(({ userId }) => userId)
  }
}
