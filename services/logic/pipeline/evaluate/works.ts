import { DeliveryClass } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { ConversationAppend } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import type { Conversation } from '../conversation.ts'
import type { Item } from '../item.ts'
import type { Knowledge } from '../knowledge.ts'
import { Overlay, type Outside } from '../overlay.ts'
import { joinRequestOutcome, lookupOf, newOutcome, quietOutcome, readMark, requestPart, seqLookup } from './request.ts'

/** What a batch wants of one conversation. */
export interface Work {
  readonly append: ConversationAppend
  /** Of append.entries, in the same order. */
  readonly entryItems: Item[]
  /** Of append.outcomes. */
  readonly outcomeItems: Item[]
  /** Undefined: there is no such conversation. */
  readonly overlay: Overlay | undefined
}

export interface Evaluation {
  /** In order of first use. */
  readonly works: ReadonlyMap<string, Work>
}

/** An evaluation under way. */
export interface Works extends Evaluation {
  of(conversationId: string): Work
  /** Puts what the plan of an item asks of the database into the request. */
  gather(item: Item): void
}

export function createWorks(
  states: { get(conversationId: string): Conversation | undefined },
  threshold: number,
  { joinRequests, pendingByUser }: Knowledge,
): Works {
  const works = new Map<string, Work>()
  const outside: Outside = { joinRequests, pendingByUser: new Map(pendingByUser) }

  function of(conversationId: string): Work {
    let work = works.get(conversationId)
    if (work === undefined) {
      const state = states.get(conversationId)
      const overlay = state === undefined ? undefined : new Overlay(state, threshold, outside)
      work = { append: requestPart(conversationId), entryItems: [], outcomeItems: [], overlay }
      works.set(conversationId, work)
    }
    return work
  }

  function gather(item: Item): void {
    const { plan, command } = item
    const { actorId, conversationId } = command
    switch (plan.is) {
      case 'entry': {
        const work = writing(of(conversationId))
        work.append.entries.push(plan.entry)
        work.entryItems.push(item)
        return
      }
      case 'quiet': {
        const work = writing(of(conversationId))
        work.append.outcomes.push(quietOutcome(item, plan.changes, work.append.entries.length))
        work.outcomeItems.push(item)
        return
      }
      case 'request': {
        const work = writing(of(conversationId))
        const { outcome, change } = plan
        work.append.outcomes.push(joinRequestOutcome(item, outcome, change, work.append.entries.length))
        work.outcomeItems.push(item)
        return
      }
      case 'outcome': {
        const work = writing(of(conversationId))
        work.append.outcomes.push(newOutcome(item, plan.outcome))
        work.outcomeItems.push(item)
        return
      }
      case 'read':
        of(conversationId).append.reads.push(readMark(actorId, plan.seq))
        return
      case 'lookup':
        of(conversationId).append.lookups.push(lookupOf(command))
        return
      case 'announce':
        of(conversationId).append.lookups.push(seqLookup(1))
        return
      default:
    }
  }

  return { works, of, gather }
}

/** With the first thing that is kept of a batch its delivery class is kept, too: both hold from here on. */
function writing(work: Work): Work {
  work.append.deliveryClass = work.overlay?.newClass ?? DeliveryClass.UNSPECIFIED
  return work
}
