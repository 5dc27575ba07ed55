import { toAppError } from '#infra/errors/index.ts'
import type { Activities } from './contract.ts'
import type { ActivityDeps } from './deps.ts'

const lettersPerPage = 100

/** Parked dead letters, for redriving many of them. */
export function createDeadLetters({ tasks }: ActivityDeps): Pick<Activities, 'listParked' | 'redriveOne'> {
  return {
    async listParked({ query, cursor }) {
      const { tasks: letters, nextCursor } = await tasks.listTasks({
        kind: 'deadLetter',
        state: 'parked',
        limit: lettersPerPage,
        cursor,
        query,
      })
      return { ids: letters.map(({ id }) => id), nextCursor }
    },

    async redriveOne({ id, parkedBefore }) {
      try {
        const { task } = await tasks.showTask({ id })
        if (task === undefined || task.parkedAtMs >= Date.parse(parkedBefore)) return 'anew'
        await tasks.redriveTask({ id })
        return 'redriven'
      } catch (error) {
        if (toAppError(error).code === 'NOT_FOUND') return 'gone'
        throw error
      }
    },
  }
}
