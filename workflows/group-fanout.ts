import {
  ActivityCancellationType,
  CancellationScope,
  condition,
  continueAsNew,
  ParentClosePolicy,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  startChild,
  upsertSearchAttributes,
  WorkflowIdReusePolicy,
  workflowInfo,
} from '@temporalio/workflow'
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common'
import type { Activities } from '#activities/contract.ts'
import {
  deadLetter,
  groupFanout as contract,
  type FanoutProgress,
  type GroupFanoutInput,
  type PageLetter,
} from './contracts.ts'
import { failureText } from './failure-text.ts'
import { fanoutDetails } from './group-fanout-details.ts'
import { beginRun, nextStep, reduce, type FanoutEvent } from './group-fanout-state.ts'
import { imConversationId, imLag, imState, imTaskKind } from './search-attributes.ts'

const idleTimeout = '30 seconds'

const { settle } = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '5 seconds',
  // An activity that is told to stop answers with where it is.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1 second', maximumInterval: '10 seconds' },
})

/** Settles every member of a large conversation up to its head, and ends when it has had nothing to do for a while. */
export async function groupFanout(input: GroupFanoutInput): Promise<FanoutProgress> {
  const { conversationId } = input
  let run = beginRun(input)
  let activity: CancellationScope | undefined

  upsertSearchAttributes([
    { key: imTaskKind, value: contract.workflowType },
    { key: imConversationId, value: conversationId },
    ...stateAttributes(run.progress),
  ])
  setHandler(contract.progress, () => run.progress, {
    description: 'Cursor, head, members by outcome, rate, last error',
  })
  setHandler(contract.poke, (argument) => take({ kind: 'poke', argument }), { description: 'There are new entries' })
  setHandler(contract.pause, () => interrupt({ kind: 'pause' }), { description: 'Stops settling, never live delivery' })
  setHandler(contract.resume, () => take({ kind: 'resume' }), { description: 'Goes on after pause, or after an error' })
  setHandler(contract.skip, (argument) => interrupt({ kind: 'skip', argument }), {
    description: '{fromSeq, toSeq}: nobody is pushed for these. Without a range: for all that is not settled yet',
  })

  for (;;) {
    // All handlers are synchronous: none is under way here.
    if (workflowInfo().continueAsNewSuggested && run.parked.length === 0) await handOver()
    const step = nextStep(run)
    if (step === 'settle') {
      await settleOnce()
    } else if (step === 'wait') {
      await condition(hasSomethingToDo)
    } else if (!(await condition(hasSomethingToDo, idleTimeout))) {
      take({ kind: 'end' })
      return run.progress
    }
  }

  function take(event: FanoutEvent): void {
    const { state } = run.progress
    run = reduce(run, event)
    // How far a paused one is behind is known when its activity has ended.
    const isNewsOfPause = event.kind === 'settled' && run.isPaused
    if (run.progress.state !== state || isNewsOfPause) upsertSearchAttributes(stateAttributes(run.progress))
    setCurrentDetails(fanoutDetails(run.progress))
  }

  /** What runs does not know of it: it is stopped, and the next one is told. */
  function interrupt(event: FanoutEvent): void {
    take(event)
    activity?.cancel()
  }

  function hasSomethingToDo(): boolean {
    return nextStep(run) === 'settle' || workflowInfo().continueAsNewSuggested
  }

  async function settleOnce(): Promise<void> {
    const { parked, progress } = run
    const { skips } = progress
    take({ kind: 'begin' })
    activity = new CancellationScope()
    try {
      const result = await activity.run(() => settle({ conversationId, skips, parked }))
      for (const letter of result.parked) await park(letter)
      take({ kind: 'settled', result })
    } catch (error) {
      if (CancellationScope.current().consideredCancelled) throw error
      take(activity.consideredCancelled ? { kind: 'stopped' } : { kind: 'failed', error: failureText(error) })
    } finally {
      activity = undefined
    }
  }

  async function handOver(): Promise<never> {
    const { progress, isPaused, pokedSeq } = run
    const carried = { headSeq: pokedSeq, isPaused, skips: progress.skips, progress }
    return continueAsNew<typeof groupFanout>({ conversationId, carried })
  }
}

/** The dead letter comes first: the cursor passes a page only when its members have one. */
async function park(letter: PageLetter): Promise<void> {
  try {
    await startChild(deadLetter.workflowType, {
      args: [letter],
      workflowId: deadLetter.workflowId(letter),
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    })
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
  }
}

function stateAttributes({ state, headSeq, settledSeq }: FanoutProgress) {
  return [
    { key: imState, value: state },
    { key: imLag, value: Math.max(0, headSeq - settledSeq) },
  ]
}
