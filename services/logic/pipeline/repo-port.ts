import type {
  ConversationState,
  LoadJoinRequestsResponse,
  StateWish,
} from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import type { PartitionBounds, PartitionClaim } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import type { KnownUser } from './knowledge.ts'

/** What the pipeline asks of repo next to appending. Every call is bounded in time and throws AppError. */
export interface RepoPort {
  loadStates(wishes: readonly StateWish[]): Promise<readonly ConversationState[]>
  /** Those of the ids that are users. */
  findUsers(userIds: string[]): Promise<readonly KnownUser[]>
  /** By conversation: whose requests. */
  loadJoinRequests(
    wishes: ReadonlyMap<string, ReadonlySet<string>>,
  ): Promise<Pick<LoadJoinRequestsResponse, 'conversations' | 'pendingByUser'>>
  claim(partitions: PartitionBounds[]): Promise<readonly PartitionClaim[]>
}
