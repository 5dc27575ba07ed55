import type { ConversationState, StateWish } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import type { PartitionBounds, PartitionClaim } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'

/** What the pipeline asks of repo next to appending. Every call is bounded in time and throws AppError. */
export interface RepoPort {
  loadStates(wishes: readonly StateWish[]): Promise<readonly ConversationState[]>
  /** Those of the ids that are users. */
  existingUsers(userIds: string[]): Promise<readonly string[]>
  claim(partitions: PartitionBounds[]): Promise<readonly PartitionClaim[]>
}
