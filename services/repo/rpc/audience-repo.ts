import type { Handlers } from '#infra/rpc/index.ts'
import type { AudienceRepo } from '#proto/gen/gochat/conversation/v1/audience_repo_pb.ts'
import { listLargePlaces, readAudience } from '../queries/audience.ts'
import type { RepoDeps } from '../repo.ts'
import { idOf, idsOf } from './input.ts'

export function audienceRepo({ mysql }: RepoDeps): Handlers<typeof AudienceRepo> {
  return {
    async listLargePlaces(request) {
      return { places: await listLargePlaces(mysql.db, idsOf(request.userIds, 'user_ids', maxUsers)) }
    },

    async readAudience(request) {
      const { memberVersion, isComplete, places } = await readAudience(
        mysql.db,
        idOf(request.conversationId, 'conversation_id'),
        { sinceVersion: request.sinceVersion, userIds: idsOf(request.userIds, 'user_ids', maxUsers) },
      )
      return { memberVersion, isComplete, places: [...places] }
    },
  }
}

const maxUsers = 1_000
