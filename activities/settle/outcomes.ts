import type { Outcomes as StoredOutcomes } from '#proto/gen/gochat/task/v1/fanout_repo_pb.ts'
import type { Outcomes } from '#workflows/contracts.ts'

const nobody: Outcomes = { live: 0, repaired: 0, pushed: 0, muted: 0, parked: 0, skipped: 0 }

/** So many members, all with one outcome. */
export function allOf(outcome: keyof Outcomes, count: number): Outcomes {
  return { ...nobody, [outcome]: count }
}

export function sumOf(outcomes: Outcomes): number {
  return Object.values<number>({ ...outcomes }).reduce((sum, count) => sum + count, 0)
}

export function fromStored(stored: StoredOutcomes | undefined): Outcomes {
  const { live, repaired, pushed, muted, parked, skipped } = stored ?? nobody
  return { live, repaired, pushed, muted, parked, skipped }
}
