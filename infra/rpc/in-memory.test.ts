import { MessageRepo } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { UserRepo } from '#proto/gen/gochat/user/v1/user_repo_pb.ts'

import { clientContract } from './client-contract.ts'
import { connectInMemory } from './in-memory.ts'
import type { Handlers } from './types.ts'

clientContract('in memory', () => ({
  users: async (handlers) => connectInMemory(UserRepo, handlers as Handlers<typeof UserRepo>),
  messages: async (handlers) => connectInMemory(MessageRepo, handlers as Handlers<typeof MessageRepo>),
  async [Symbol.asyncDispose]() {
    // Nothing is held.
  },
}))
