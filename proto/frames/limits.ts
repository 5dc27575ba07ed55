/** Published at GET /limits and in the hello frame. The schemas refuse what is beyond them. */
export const limits = {
  maxFrameBytes: 64 * 1024,
  maxBodyBytes: 64 * 1024,
  maxTextLength: 10_000,
  maxMessagesPerFrame: 50,
  maxHistoryPage: 100,
  maxHeadsPage: 500,
  maxNamesInSync: 500,
  maxMembersPerCommand: 100,
  maxGroupMembers: 100_000,
  maxNameLength: 100,
  maxConnectionsPerUser: 10,
} as const

export type Limits = typeof limits
