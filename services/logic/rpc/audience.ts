import type { Client, Handlers } from '#infra/rpc/index.ts'
import type { AudienceRepo } from '#proto/gen/gochat/conversation/v1/audience_repo_pb.ts'
import type { AudienceService } from '#proto/gen/gochat/conversation/v1/audience_service_pb.ts'
import { requireId, requireIds } from './arguments.ts'

export interface AudienceDeps {
  readonly audiences: Pick<Client<typeof AudienceRepo>, 'listLargePlaces' | 'readAudience'>
}

const maxUsers = 1000

/** Never cached: a gateway that asks has seen a newer version, and hands entries out by what it learns here. */
export function createAudienceService({ audiences }: AudienceDeps): Handlers<typeof AudienceService> {
  return {
    async findLargePlaces({ userIds }) {
      requireIds('userIds', userIds, maxUsers)
      const { places } = await audiences.listLargePlaces({ userIds })
      return { places }
    },
    async refreshAudience({ conversationId, sinceVersion, userIds }) {
      requireId('conversationId', conversationId)
      requireIds('userIds', userIds, maxUsers)
      const { memberVersion, isComplete, places } = await audiences.readAudience({
        conversationId,
        sinceVersion,
        userIds,
      })
      return { memberVersion, isComplete, places }
    },
  }
}
