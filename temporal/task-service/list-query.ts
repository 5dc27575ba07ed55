import { deadLetter } from '#workflows/contracts.ts'
import { idOf, invalid } from './input.ts'
import { kinds } from './kinds.ts'

export interface TaskFilter {
  readonly kind: string
  readonly state: string
  readonly conversationId: string
  readonly hasClosed: boolean
  readonly query: string
}

const states = ['running', 'paused', 'blocked', 'done', 'parked', 'redriving', 'redriven', 'discarded']

/** The filter as a visibility query. Every part is checked before it is spliced in. @throws AppError INVALID_ARGUMENT */
export function listQuery({ kind, state, conversationId, hasClosed, query }: TaskFilter): string {
  if (kind !== '' && !kinds.some((known) => known === kind)) throw invalid('kind', `is none of ${kinds.join(', ')}`)
  if (state !== '' && !states.includes(state)) throw invalid('state', `is none of ${states.join(', ')}`)
  const types = kind === '' ? kinds : [kind]
  return [
    `WorkflowType IN (${types.map((type) => `"${type}"`).join(', ')})`,
    // A run that has continued as new is not the end of its task.
    hasClosed ? 'ExecutionStatus != "ContinuedAsNew"' : 'ExecutionStatus = "Running"',
    ...(state === '' ? [] : [`ImState = "${state}"`]),
    ...(conversationId === '' ? [] : [`ImConversationId = "${idOf(conversationId, 'conversation_id')}"`]),
    ...(query === '' ? [] : [`(${narrowing(query)})`]),
  ].join(' AND ')
}

/** The dead letters that wait for somebody. */
export function parkedQuery(query: string): string {
  return listQuery({ kind: deadLetter.workflowType, state: 'parked', conversationId: '', hasClosed: false, query })
}

const maxQueryLength = 1_000
/** Escapes and comments: what hides a quote or a parenthesis from one reader of the query and not from the other. */
const hiding = /[\\#]|--|\/\*/
const quoted = /"[^"]*"|'[^']*'|`[^`]*`/g

/** An operator's own words, which Temporal judges. Only their parentheses must close, so that nothing escapes from ours. */
function narrowing(query: string): string {
  if (query.length > maxQueryLength) throw invalid('query', `is longer than ${maxQueryLength} characters`)
  if (hiding.test(query)) throw invalid('query', 'has an escape or a comment')
  const unquoted = query.replaceAll(quoted, '')
  if (/["'`]/.test(unquoted)) throw invalid('query', 'has a quote that is not closed')
  let depth = 0
  for (const [sign] of unquoted.matchAll(/[()]/g)) {
    depth += sign === '(' ? 1 : -1
    if (depth < 0) break
  }
  if (depth !== 0) throw invalid('query', 'has a parenthesis without its other half')
  return query
}
