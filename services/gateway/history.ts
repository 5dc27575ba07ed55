import { AppError, parseErrorBody, toAppError } from '#infra/errors/index.ts'
import { decode } from '#infra/protobuf/index.ts'
import { EntryListSchema } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { PageAnswer } from '#proto/gen/gochat/message/v1/message_service_pb.ts'
import type { History, LogicClients, Page, PageQuestion } from './ports.ts'

interface Waiting {
  readonly question: PageQuestion
  readonly deadlineMs: number
  readonly resolve: (page: Page) => void
  readonly reject: (error: AppError) => void
}

const maxQuestionsPerCall = 8
const maxCalls = 4
const maxWaiting = 4096
const timeoutMs = 5000

/** What is asked for in one turn of the event loop, and while all calls are under way, shares a call. */
export function createHistory(message: Pick<LogicClients['message'], 'getPages'>): History {
  const waiting: Waiting[] = []
  let calls = 0
  let isScheduled = false

  /** Behind the frames of this turn of the event loop. */
  function schedule(): void {
    if (isScheduled || waiting.length === 0 || calls >= maxCalls) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      while (calls < maxCalls) {
        const due = takeDue()
        if (due.length === 0) return
        void call(due)
      }
    })
  }

  async function call(asked: readonly Waiting[]): Promise<void> {
    calls += 1
    try {
      const questions = asked.map(({ question }) => question)
      const { answers } = await message.getPages({ questions }, { timeoutMs })
      for (const [index, { resolve, reject }] of asked.entries()) {
        const page = pageOf(answers[index])
        if (page instanceof AppError) reject(page)
        else resolve(page)
      }
    } catch (error) {
      for (const { reject } of asked) reject(toAppError(error))
    } finally {
      calls -= 1
      schedule()
    }
  }

  /** Those that can still be answered in time; the others are told. */
  function takeDue(): Waiting[] {
    const due: Waiting[] = []
    while (waiting.length > 0 && due.length < maxQuestionsPerCall) {
      const next = waiting.shift()!
      if (next.deadlineMs > performance.now()) due.push(next)
      else next.reject(new AppError('DEADLINE_EXCEEDED'))
    }
    return due
  }

  return {
    page: (question) =>
      new Promise((resolve, reject) => {
        if (waiting.length >= maxWaiting) return reject(new AppError('OVERLOADED'))
        waiting.push({ question, deadlineMs: performance.now() + timeoutMs, resolve, reject })
        schedule()
      }),
  }
}

function pageOf(answer: PageAnswer | undefined): Page | AppError {
  switch (answer?.result.case) {
    case 'page': {
      const { entryList, lastSeq } = answer.result.value
      return { entries: decode(EntryListSchema, entryList).entries, lastSeq }
    }
    case 'error':
      return parseErrorBody(answer.result.value) ?? new AppError('INTERNAL')
    default:
      return new AppError('INTERNAL', { message: 'a question without an answer' })
  }
}
