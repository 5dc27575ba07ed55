import { isChanging, type Plan } from '../append/plan.ts'

const prefix = 'gochat:repo:'

export const cacheKeys = {
  user: (id: string) => `${prefix}user:${id}`,
  conversation: (id: string) => `${prefix}conversation:${id}`,
  member: (conversationId: string, userId: string) => `${prefix}member:${conversationId}:${userId}`,
}

/** Everything in the cache that an append may have changed. */
export function keysChangedBy({ conversations }: Plan): string[] {
  const keys = new Set<string>()
  for (const conversation of conversations) {
    const { conversationId, entries, outcomes, reads } = conversation
    if (isChanging(conversation)) keys.add(cacheKeys.conversation(conversationId))
    for (const { userId } of reads) keys.add(cacheKeys.member(conversationId, userId))
    for (const { isUnread, senderId } of entries) {
      if (isUnread) keys.add(cacheKeys.member(conversationId, senderId))
    }
    for (const { memberChanges } of [...entries, ...outcomes]) {
      for (const { userId } of memberChanges) keys.add(cacheKeys.member(conversationId, userId))
    }
  }
  return [...keys]
}
