import { Context } from '@temporalio/activity'
import type { Activities } from './contract.ts'
import type { ActivityDeps } from './deps.ts'
import { confirmSlots } from './settle/confirm-slots.ts'
import { settleMembers } from './settle/page.ts'

const membersPerPage = 1_000

/** Settles a parked page. No cursor moves: the round has long gone on, and counted these members as parked. */
export function createRedrivePage(deps: ActivityDeps): Activities['settlePage'] {
  return async ({ conversationId, fromSeq, toSeq, afterUserId, upToUserId }) => {
    const { cancellationSignal: signal } = Context.current()
    const { cursor } = await deps.fanout.getCursor({ conversationId })
    const range = { conversationId, fromSeq, toSeq }
    const verdicts = await confirmSlots(deps, { ...range, memberVersion: cursor?.memberVersion ?? 0 }, signal)
    const page = { ...range, afterUserId, upToUserId, limit: membersPerPage }
    const { members } = await deps.fanout.listPage(page)
    await settleMembers(deps, members, { ...range, verdicts })
  }
}
