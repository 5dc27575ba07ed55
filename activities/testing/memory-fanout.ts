import { AppError } from '#infra/errors/index.ts'
import { connectInMemory, type Client } from '#infra/rpc/index.ts'
import { FanoutRepo, type Outcomes } from '#proto/gen/gochat/task/v1/fanout_repo_pb.ts'

export interface MemoryMember {
  readonly userId: string
  readonly joinSeq?: number
  readonly isQuiet?: boolean
}

/** The cursor of one conversation, fenced as the stored one is. */
export interface MemoryFanout {
  readonly client: Client<typeof FanoutRepo>
  /** Each page that was counted, in order. */
  readonly settled: { fromSeq: number; toSeq: number; upToUserId: string; outcomes: Counts }[]
  readonly cursor: { epoch: number; settledSeq: number; roundSeq: number; afterUserId: string; headSeq: number }
  /** Runs before each page is counted. */
  beforeSettle: () => void
}

type Counts = Record<keyof typeof nobody, number>

const nobody = { live: 0, repaired: 0, pushed: 0, muted: 0, parked: 0, skipped: 0 }

/** Members are given in the order of their ids, which are compared as text: use ids of one length. */
export function memoryFanout(members: readonly MemoryMember[], headSeq: number): MemoryFanout {
  const state = { epoch: 0, settledSeq: 0, roundSeq: 0, afterUserId: '', headSeq, rounds: 0 }
  let round: Counts = { ...nobody }
  let lastRound: Counts = { ...nobody }
  let total: Counts = { ...nobody }
  const settled: MemoryFanout['settled'] = []

  const answer = async () => ({
    cursor: { ...state, conversationId: '100', round, lastRound, total, memberCount: members.length, memberVersion: 1 },
  })
  const fence = (epoch: number): void => {
    if (epoch !== state.epoch) throw new AppError('FENCED')
  }
  const client = connectInMemory(FanoutRepo, {
    async claimCursor() {
      state.epoch += 1
      return answer()
    },
    getCursor: answer,
    async beginRound({ epoch, roundSeq }) {
      fence(epoch)
      if (state.roundSeq === 0) Object.assign(state, { roundSeq, afterUserId: '' })
      return answer()
    },
    async listPage({ toSeq, afterUserId, upToUserId, limit }) {
      const found = members.filter(
        ({ userId, joinSeq = 0 }) =>
          joinSeq < toSeq && userId > afterUserId && (upToUserId === '' || userId <= upToUserId),
      )
      return { members: found.slice(0, limit), hasMore: found.length > limit }
    },
    async settlePage({ epoch, roundSeq, afterUserId, upToUserId, outcomes, isLast }) {
      fanout.beforeSettle()
      fence(epoch)
      if (state.roundSeq !== roundSeq || state.afterUserId !== afterUserId) throw new AppError('FENCED')
      const counts = countsOf(outcomes!)
      settled.push({ fromSeq: state.settledSeq, toSeq: state.roundSeq, upToUserId, outcomes: counts })
      round = plus(round, counts)
      state.afterUserId = upToUserId
      if (isLast) endRound()
      return {}
    },
    listBehind: async () => ({ behind: [], hasMore: false }),
  })

  function endRound(): void {
    Object.assign(state, { settledSeq: state.roundSeq, roundSeq: 0, afterUserId: '', rounds: state.rounds + 1 })
    lastRound = round
    total = plus(total, round)
    round = { ...nobody }
  }

  const fanout: MemoryFanout = { client, settled, cursor: state, beforeSettle: () => undefined }
  return fanout
}

function countsOf({ live, repaired, pushed, muted, parked, skipped }: Outcomes): Counts {
  return { live, repaired, pushed, muted, parked, skipped }
}

function plus(a: Counts, b: Counts): Counts {
  const kinds = Object.keys(nobody) as (keyof Counts)[]
  return Object.fromEntries(kinds.map((kind) => [kind, a[kind] + b[kind]])) as Counts
}
