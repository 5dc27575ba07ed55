import type { ConversationAppend } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { quote } from './literals.ts'

/** What entries of one append change of the conversation itself; of each thing the last change counts. */
export function conversationChangesSql({ conversationId, entries }: ConversationAppend, seqBefore: number): string[] {
  const columns = new Map<string, string>()
  for (const [index, { conversationChange }] of entries.entries()) {
    const { name, announcement, joinMode, isMutedAll, isDissolved } = conversationChange ?? {}
    if (name !== undefined) columns.set('name', quote(name))
    if (announcement !== undefined) columns.set('announcement', quote(announcement))
    if (joinMode !== undefined) columns.set('join_mode', String(joinMode))
    if (isMutedAll !== undefined) columns.set('is_muted_all', String(Number(isMutedAll)))
    if (isDissolved === true) columns.set('dissolved_seq', String(seqBefore + 1 + index))
  }
  const changes = [...columns].map(([column, value]) => `${column} = ${value}`)
  return changes.length === 0 ? [] : [`UPDATE conversations SET ${changes.join()} WHERE id = ${conversationId}`]
}
