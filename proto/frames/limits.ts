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
  /** Of a group, next to its owner. */
  maxAdmins: 100,
  maxNameLength: 100,
  maxAnnouncementLength: 2000,
  /** Of a group. */
  maxJoinRequests: 1000,
  /** Of a user, who waits for so many groups. */
  maxJoinRequestsPerUser: 100,
  /** Of a user who is not in, about one group: so many of its commands are answered for good. */
  maxCommandsOutside: 20,
  /** Up to when somebody may be muted: the end of the year 9998. */
  maxTimeMs: Date.UTC(9999, 0, 1) - 1,
  maxConnectionsPerUser: 10,
  /** Who logs in on one more device loses the one that was seen longest ago. */
  maxDevicesPerUser: 20,
} as const

export type Limits = typeof limits
