import type { Entry } from '@gochat/sdk'
import type { Lobby } from './lobby.ts'

/** One line of the terminal for an entry; nothing for types that it does not know. */
export async function showEntry(entry: Entry, ownUserId: string, lobby: Lobby): Promise<string | undefined> {
  if (entry.conversationId !== lobby.conversationId) return undefined
  const time = new Date(entry.createdAt).toTimeString().slice(0, 5)
  const who = printable(await lobby.nameOf(entry.senderId))
  const { text, userIds } = entry.body as { text?: string; userIds?: string[] }
  switch (entry.type) {
    case 'text':
      return `${time} ${entry.senderId === ownUserId ? `${who} (you)` : who}: ${printable(text ?? '')}`
    case 'action':
      return `${time} * ${who} ${printable(text ?? '')}`
    case 'added': {
      const names = await Promise.all((userIds ?? []).map((id) => lobby.nameOf(id)))
      return `${time} · ${names.map(printable).join(', ')} came in`
    }
    case 'joined':
      return `${time} · ${who} came in`
    case 'left':
      return `${time} · ${who} left`
    default:
      return undefined
  }
}

/** What others typed must not steer this terminal. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '�')
}
