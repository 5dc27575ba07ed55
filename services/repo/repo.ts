import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import type { Mysql } from '#infra/mysql/index.ts'
import { service, type ServiceBinding } from '#infra/rpc/index.ts'
import { AudienceRepo } from '#proto/gen/gochat/conversation/v1/audience_repo_pb.ts'
import { ConversationRepo } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import { GroupRepo } from '#proto/gen/gochat/conversation/v1/group_repo_pb.ts'
import { MessageRepo } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { FanoutRepo } from '#proto/gen/gochat/task/v1/fanout_repo_pb.ts'
import { PoisonRepo } from '#proto/gen/gochat/task/v1/poison_repo_pb.ts'
import { SessionRepo } from '#proto/gen/gochat/user/v1/session_repo_pb.ts'
import { UserRepo } from '#proto/gen/gochat/user/v1/user_repo_pb.ts'
import type { Cache } from './cache/cache.ts'
import type { Database } from './database.ts'
import { audienceRepo } from './rpc/audience-repo.ts'
import { conversationRepo } from './rpc/conversation-repo.ts'
import { fanoutRepo } from './rpc/fanout-repo.ts'
import { groupRepo } from './rpc/group-repo.ts'
import { messageRepo } from './rpc/message-repo.ts'
import { poisonRepo } from './rpc/poison-repo.ts'
import { sessionRepo } from './rpc/session-repo.ts'
import { userRepo } from './rpc/user-repo.ts'

/** All that the data layer stands on. */
export interface RepoDeps {
  readonly mysql: Mysql<Database>
  readonly cache: Cache
  readonly newId: () => string
  readonly log: Logger
  readonly metrics: Metrics
}

/** The data layer as gRPC services, to be served or connected in memory. */
export function createRepo(deps: RepoDeps): readonly ServiceBinding[] {
  return [
    service(UserRepo, userRepo(deps)),
    service(SessionRepo, sessionRepo(deps)),
    service(ConversationRepo, conversationRepo(deps)),
    service(GroupRepo, groupRepo(deps)),
    service(MessageRepo, messageRepo(deps)),
    service(AudienceRepo, audienceRepo(deps)),
    service(FanoutRepo, fanoutRepo(deps)),
    service(PoisonRepo, poisonRepo(deps)),
  ]
}
