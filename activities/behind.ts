import type { Activities } from './contract.ts'
import type { ActivityDeps } from './deps.ts'

const conversationsPerPage = 100

/** Large conversations that somebody must be woken for. */
export function createBehind({ fanout, tasks, settling }: ActivityDeps): Pick<Activities, 'listBehind' | 'poke'> {
  return {
    async listBehind({ afterId }) {
      const { behind, hasMore } = await fanout.listBehind({ afterId, limit: conversationsPerPage })
      const marked = await settling.marked(behind.map(({ conversationId }) => conversationId))
      return {
        behind: behind
          .filter(({ conversationId }) => !marked.has(conversationId))
          .map(({ conversationId, headSeq }) => ({ conversationId, headSeq })),
        nextAfterId: hasMore ? (behind.at(-1)?.conversationId ?? '') : '',
      }
    },
    async poke(conversations) {
      for (const conversation of conversations) await tasks.pokeFanout(conversation)
    },
  }
}
