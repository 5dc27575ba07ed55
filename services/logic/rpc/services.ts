import { service, type ServiceBinding } from '#infra/rpc/index.ts'
import { AudienceService } from '#proto/gen/gochat/conversation/v1/audience_service_pb.ts'
import { ConversationService } from '#proto/gen/gochat/conversation/v1/conversation_service_pb.ts'
import { GroupService } from '#proto/gen/gochat/conversation/v1/group_service_pb.ts'
import { MessageService } from '#proto/gen/gochat/message/v1/message_service_pb.ts'
import { AuthService } from '#proto/gen/gochat/user/v1/auth_service_pb.ts'
import { SessionService } from '#proto/gen/gochat/user/v1/session_service_pb.ts'
import { UserService } from '#proto/gen/gochat/user/v1/user_service_pb.ts'
import { createAudienceService, type AudienceDeps } from './audience.ts'
import { createAuthService, type AuthDeps } from './auth.ts'
import { createConversationService, type ConversationDeps } from './conversation.ts'
import { createGroupService, type GroupDeps } from './group.ts'
import { createMessageService, type MessageDeps } from './message.ts'
import { createSessionService, type SessionDeps } from './session.ts'
import { createUserService, type UserDeps } from './user.ts'

export type RpcDeps = AuthDeps & SessionDeps & UserDeps & ConversationDeps & GroupDeps & MessageDeps & AudienceDeps

/** All that gateways ask of logic by gRPC: reads, and what has no log yet (accounts, conversations). */
export function createServices(deps: RpcDeps): ServiceBinding[] {
  return [
    service(AuthService, createAuthService(deps)),
    service(SessionService, createSessionService(deps)),
    service(UserService, createUserService(deps)),
    service(ConversationService, createConversationService(deps)),
    service(GroupService, createGroupService(deps)),
    service(MessageService, createMessageService(deps)),
    service(AudienceService, createAudienceService(deps)),
  ]
}
