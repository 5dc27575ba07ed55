import { randomUUID } from 'node:crypto'
import { Client, Connection } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import type { SettleResult } from '#activities/contract.ts'
import { failureInterceptor, type Activities } from '#activities/index.ts'
import { bundleWorkflows } from '#temporal/worker/build-bundle.ts'
import {
  deadLetter,
  groupFanout,
  type DeadLetterInput,
  type FanoutProgress,
  type Outcomes,
} from '#workflows/contracts.ts'

/** The real workflows on a task queue of their own, with activities that a test writes. */
export interface WorkflowStage extends AsyncDisposable {
  readonly client: Client
  readonly taskQueue: string
  /** Replace what a test is about; each call looks here. */
  readonly activities: Activities
  /** As the dispatcher does. */
  poke(conversationId: string, headSeq: number): Promise<void>
  park(letter: DeadLetterInput): Promise<string>
  fanoutProgress(conversationId: string): Promise<FanoutProgress>
}

export interface WorkflowStageOptions {
  readonly address: string
  readonly namespace: string
}

/** Not the host's name and process number: recorded histories are kept in the repository. */
const identity = 'worker-1'

export async function openWorkflowStage({ address, namespace }: WorkflowStageOptions): Promise<WorkflowStage> {
  const stack = new AsyncDisposableStack()
  const nativeConnection = await NativeConnection.connect({ address })
  stack.defer(() => nativeConnection.close())
  const connection = await Connection.connect({ address })
  stack.defer(() => connection.close())
  const client = new Client({ connection, namespace, identity })
  const taskQueue = `stage-${randomUUID()}`
  const activities = { ...untouched }
  const worker = await Worker.create({
    connection: nativeConnection,
    namespace,
    taskQueue,
    identity,
    workflowBundle: await bundleWorkflows(),
    activities: Object.fromEntries(
      Object.keys(untouched).map((name) => [name, (input: never) => activities[name as keyof Activities](input)]),
    ),
    interceptors: { activity: [failureInterceptor] },
    maxHeartbeatThrottleInterval: 100,
  })
  const running = worker.run()
  stack.defer(async () => {
    worker.shutdown()
    await running
    await terminateAll(client, taskQueue)
  })

  return {
    client,
    taskQueue,
    activities,
    async poke(conversationId, headSeq) {
      await client.workflow.signalWithStart(groupFanout.workflowType, {
        taskQueue,
        workflowId: groupFanout.workflowId(conversationId),
        args: [{ conversationId }],
        signal: groupFanout.poke,
        signalArgs: [{ headSeq }],
      })
    },
    async park(letter) {
      const workflowId = deadLetter.workflowId(letter)
      await client.workflow.start(deadLetter.workflowType, { taskQueue, workflowId, args: [letter] })
      return workflowId
    },
    fanoutProgress: (conversationId) =>
      client.workflow.getHandle(groupFanout.workflowId(conversationId)).query(groupFanout.progress),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** Nobody polls the queue any more: what is open would stay so for ever. */
async function terminateAll({ workflow }: Client, taskQueue: string): Promise<void> {
  for await (const { workflowId } of workflow.list({
    query: `TaskQueue="${taskQueue}" AND ExecutionStatus="Running"`,
  })) {
    await workflow
      .getHandle(workflowId)
      .terminate('its test is over')
      .catch(() => undefined)
  }
}

const nobody: Outcomes = { live: 0, repaired: 0, pushed: 0, muted: 0, parked: 0, skipped: 0 }

/** What `settle` answers when three members are settled up to a seq. */
export function settledUpTo(settledSeq: number, more: Partial<SettleResult> = {}): SettleResult {
  return {
    settledSeq,
    headSeq: settledSeq,
    rounds: 1,
    members: 3,
    lastRound: { ...nobody, live: 2, pushed: 1 },
    total: { ...nobody, live: 2, pushed: 1 },
    membersPerSecond: 300,
    parked: [],
    reason: 'idle',
    ...more,
  }
}

const untouched: Activities = {
  settle: async () => settledUpTo(0),
  settlePage: async () => undefined,
  reproducePoison: async () => undefined,
  dropPoison: async () => undefined,
  listParked: async () => ({ ids: [], nextCursor: '' }),
  redriveOne: async () => 'redriven',
  listBehind: async () => ({ behind: [], nextAfterId: '' }),
  poke: async () => undefined,
}

/** Workers log errors only. Once per process, before anything of Temporal's workers. */
export function quietRuntime(): void {
  Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('ERROR') })
}
