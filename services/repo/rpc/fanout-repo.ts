import type { Handlers } from '#infra/rpc/index.ts'
import type { FanoutRepo, Outcomes, SettlePageRequest } from '#proto/gen/gochat/task/v1/fanout_repo_pb.ts'
import { compareIds } from '../append/literals.ts'
import { getCursor, listBehind, outcomeNames, type OutcomeCounts } from '../queries/cursors.ts'
import { listPage } from '../queries/list-page.ts'
import { beginRound, claimCursor, settlePage, type Holder, type SettledPage } from '../queries/move-cursor.ts'
import type { RepoDeps } from '../repo.ts'
import { idOf, idOrStart, invalid, limitOf } from './input.ts'

export function fanoutRepo({ mysql }: RepoDeps): Handlers<typeof FanoutRepo> {
  return {
    async claimCursor(request) {
      const conversationId = idOf(request.conversationId, 'conversation_id')
      return { cursor: await mysql.transaction((tx) => claimCursor(tx, conversationId)) }
    },

    async getCursor(request) {
      return { cursor: await getCursor(mysql.db, idOf(request.conversationId, 'conversation_id')) }
    },

    async beginRound(request) {
      const holder = holderOf(request)
      if (request.roundSeq === 0) throw invalid('round_seq', 'is no seq')
      return { cursor: await beginRound(mysql.db, holder, request.roundSeq) }
    },

    async listPage(request) {
      return listPage(mysql.db, idOf(request.conversationId, 'conversation_id'), {
        fromSeq: request.fromSeq,
        toSeq: request.toSeq,
        afterUserId: idOrStart(request.afterUserId, 'after_user_id'),
        upToUserId: request.upToUserId === '' ? '' : idOf(request.upToUserId, 'up_to_user_id'),
        limit: limitOf(request.limit, maxPage),
      })
    },

    async settlePage(request) {
      await settlePage(mysql.db, holderOf(request), pageOf(request))
      return {}
    },

    async listBehind(request) {
      return listBehind(mysql.db, {
        limit: limitOf(request.limit, maxPage),
        afterId: idOrStart(request.afterId, 'after_id'),
      })
    },
  }
}

const maxPage = 1_000
const maxCount = 0xffff_ffff

function holderOf({ conversationId, epoch }: Holder): Holder {
  if (!Number.isSafeInteger(epoch) || epoch < 1) throw invalid('epoch', 'is none')
  return { conversationId: idOf(conversationId, 'conversation_id'), epoch }
}

function pageOf({ roundSeq, afterUserId, upToUserId, outcomes, isLast }: SettlePageRequest): SettledPage {
  if (roundSeq === 0) throw invalid('round_seq', 'is no seq')
  const after = idOrStart(afterUserId, 'after_user_id')
  if (!isLast && compareIds(idOf(upToUserId, 'up_to_user_id'), after) <= 0) {
    throw invalid('up_to_user_id', 'is not behind after_user_id')
  }
  return { roundSeq, afterUserId: after, upToUserId, outcomes: countsOf(outcomes), isLast }
}

function countsOf(outcomes: Outcomes | undefined): OutcomeCounts {
  const counts = outcomeNames.map((name) => {
    const count = outcomes?.[name] ?? 0
    if (!Number.isInteger(count) || count < 0 || count > maxCount) throw invalid('outcomes', `has no count ${name}`)
    return [name, count]
  })
  return Object.fromEntries(counts) as OutcomeCounts
}
