import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import type { ActivityFunction } from '@temporalio/common'
import { memoryHeardMarks } from '#delivery/heard.ts'
import { memoryRoutes } from '#delivery/memory-routes.ts'
import type { Place } from '#delivery/routes.ts'
import { memorySettlingMarks } from '#delivery/settling.ts'
import { staticSlots } from '#delivery/slot-view.ts'
import { memoryTransport } from '#delivery/transport.ts'
import { AppError } from '#infra/errors/index.ts'
import { connectInMemory, type Client, type Handlers } from '#infra/rpc/index.ts'
import { testMetrics } from '#infra/testing/index.ts'
import { MessageRepo } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { PoisonRepo } from '#proto/gen/gochat/task/v1/poison_repo_pb.ts'
import { TaskService } from '#proto/gen/gochat/task/v1/task_service_pb.ts'
import type { ActivityDeps } from '../deps.ts'
import { createActivities, failureInterceptor, type Activities } from '../index.ts'
import type { Pace } from '../pace.ts'
import type { PushHandOver } from '../push-stage.ts'
import { memoryFanout, type MemoryMember } from './memory-fanout.ts'

export const gatewayOne: Place = { slot: 1, epoch: 100 }
export const gatewayTwo: Place = { slot: 2, epoch: 200 }

export interface StageOptions {
  readonly members?: readonly MemoryMember[]
  readonly headSeq?: number
  readonly places?: readonly Place[]
  readonly poison?: Partial<Handlers<typeof PoisonRepo>>
  readonly tasks?: Partial<Handlers<typeof TaskService>>
  readonly pace?: Partial<Pace>
}

const quick: Pace = {
  membersPerPage: 1_000,
  membersPerSecond: Infinity,
  roundGapMs: 0,
  liveWaitMs: 20,
  repairWaitMs: 40,
  heardPollMs: 5,
  pageRetryMs: { minMs: 1, maxMs: 2 },
  lingerMs: 20,
  headPollMs: 5,
  activityMs: 1_000,
}

/** Activities on doubles, for conversation 100, whose entry n has the body n. */
export function stage(options: StageOptions = {}) {
  const { members = [], headSeq = 0, places = [] } = options
  const handed: PushHandOver[] = []
  const fanout = memoryFanout(members, headSeq)
  const doubles = {
    fanout,
    routes: memoryRoutes(),
    heard: memoryHeardMarks(),
    settling: memorySettlingMarks(),
    transport: memoryTransport(),
    metrics: testMetrics(),
    handed,
  }
  const deps: ActivityDeps = {
    ...doubles,
    fanout: fanout.client,
    messages: connectEntries(),
    poison: connectInMemory(PoisonRepo, (options.poison ?? {}) as Handlers<typeof PoisonRepo>),
    tasks: connectInMemory(TaskService, (options.tasks ?? {}) as Handlers<typeof TaskService>),
    slots: staticSlots(places),
    push: { hand: async (handOver) => void handed.push(handOver) },
    pace: { ...quick, ...options.pace },
  }
  return { ...doubles, deps, ...asActivities(deps) }
}

/** Each call is an attempt of its own. */
function asActivities(deps: ActivityDeps) {
  return {
    newEnvironment,
    run<Name extends keyof Activities>(
      name: Name,
      input: Parameters<Activities[Name]>[0],
      environment = newEnvironment(),
    ): ReturnType<Activities[Name]> {
      const activity = createActivities(deps)[name] as ActivityFunction
      return environment.run(activity, input) as ReturnType<Activities[Name]>
    },
  }
}

function newEnvironment(): MockActivityEnvironment {
  const logger = new DefaultLogger('ERROR', () => undefined)
  return new MockActivityEnvironment({}, { interceptors: [failureInterceptor], logger })
}

function connectEntries(): Client<typeof MessageRepo> {
  const handlers: Partial<Handlers<typeof MessageRepo>> = {
    async listEntries({ conversationId, afterSeq, upToSeq, limit }) {
      if (limit > 100) throw new AppError('INVALID_ARGUMENT')
      const count = Math.min(limit, upToSeq - afterSeq)
      const entries = Array.from({ length: count }, (_, index) => ({
        conversationId,
        seq: afterSeq + 1 + index,
        type: 'text',
        senderId: '5',
        clientMessageId: `m-${afterSeq + 1 + index}`,
        body: Buffer.from(`${afterSeq + 1 + index}`),
        createdAtMs: 1,
      }))
      return { entries }
    },
  }
  return connectInMemory(MessageRepo, handlers as Handlers<typeof MessageRepo>)
}
