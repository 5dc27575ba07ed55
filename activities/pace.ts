/** How long settling waits for what, and how much it takes at a time. Tests are quicker. */
export interface Pace {
  /** At most 1 000. */
  readonly membersPerPage: number
  /** Of one conversation: faster would only take from live chat what nobody who is away can notice. */
  readonly membersPerSecond: number
  /** For gateways to have heard a range that was sent to them live. */
  readonly liveWaitMs: number
  /** For gateways to have heard a range that was sent to them again. */
  readonly repairWaitMs: number
  /** Between two looks at what they have heard. */
  readonly heardPollMs: number
  /** The first gap between two tries of a page, and the longest. */
  readonly pageRetryMs: { readonly minMs: number; readonly maxMs: number }
  /** From the beginning of one round to the next: what comes meanwhile is settled together. */
  readonly roundGapMs: number
  /** How long an activity stays when all is settled. */
  readonly lingerMs: number
  readonly headPollMs: number
  /** After it an activity returns at the next page, so that the workflow shows how far it is. */
  readonly activityMs: number
}

export const defaultPace: Pace = {
  membersPerPage: 1_000,
  membersPerSecond: 15_000,
  liveWaitMs: 1_000,
  repairWaitMs: 2_000,
  heardPollMs: 50,
  pageRetryMs: { minMs: 250, maxMs: 4_000 },
  roundGapMs: 500,
  lingerMs: 2_000,
  headPollMs: 200,
  activityMs: 10_000,
}
