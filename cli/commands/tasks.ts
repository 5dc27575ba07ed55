import { parseArgs } from 'node:util'
import { UsageError, type CommandContext } from '../context.ts'
import { withTasks, type Tasks } from '../tasks/client.ts'
import { printTask, printTasks } from '../tasks/print.ts'

export const summary = 'find tasks (workflows), and pause, skip, redrive or discard them'
export const usage = `tasks list [--kind KIND] [--state STATE] [--conversation ID] [--query QUERY] [--closed] [--limit N] [--json]
       tasks show ID [--json]
       tasks pause ID [--reason TEXT]
       tasks resume ID
       tasks skip ID --from SEQ --to SEQ
       tasks redrive ID
       tasks redrive --query QUERY [--rate N] [--job JOB]
       tasks discard ID [--reason TEXT]
  KIND           groupFanout, deadLetter, redriveBatch or reconcile
  STATE          such as running, paused, parked
  --closed       also those that have ended
  --limit N      at most so many (default 100)
  --query QUERY  only those that match, such as 'ImErrorType="undecodable"'; redrive takes the parked dead letters
                 that match, '' is all of them
  --rate N       dead letters a second (default 10, at most 100)
  --job JOB      names the batch: the same again is the same batch`

export async function run(args: string[], context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options })
  const [verb, id, ...more] = positionals
  if (more.length > 0) throw new UsageError('Name one task.')
  const work = planWork(verb, id, values)
  await withTasks(context, work)
  return 0
}

const options = {
  kind: { type: 'string', default: '' },
  state: { type: 'string', default: '' },
  conversation: { type: 'string', default: '' },
  query: { type: 'string' },
  closed: { type: 'boolean', default: false },
  limit: { type: 'string', default: '100' },
  json: { type: 'boolean', default: false },
  reason: { type: 'string', default: '' },
  from: { type: 'string', default: '' },
  to: { type: 'string', default: '' },
  rate: { type: 'string', default: '10' },
  job: { type: 'string', default: '' },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

const verbs = 'list, show, pause, resume, skip, redrive or discard'

/** Everything is checked before anybody is asked. */
function planWork(verb: string | undefined, id: string | undefined, values: Values): (tasks: Tasks) => Promise<void> {
  const { reason, query, json: isJson } = values
  if (verb === undefined) throw new UsageError(`Say what: ${verbs}.`)
  if (verb === 'list') return listWork(values)
  if (verb === 'redrive' && id === undefined && query !== undefined) {
    const batch = { query, perSecond: whole('--rate', values.rate), jobId: values.job }
    return async (tasks) => console.log(`${(await tasks.redriveMany(batch)).id} redrives those that match.`)
  }
  if (id === undefined) throw new UsageError(verb === 'redrive' ? 'Name one task, or --query.' : 'Name one task.')
  const tell = (what: string, work: (tasks: Tasks) => Promise<unknown>) => async (tasks: Tasks) => {
    await work(tasks)
    console.log(`${id} was told to ${what}.`)
  }
  switch (verb) {
    case 'show':
      return async (tasks) => printTask(await tasks.showTask({ id }), isJson)
    case 'pause':
      return tell('pause', (tasks) => tasks.pauseTask({ id, reason }))
    case 'resume':
      return tell('go on', (tasks) => tasks.resumeTask({ id }))
    case 'skip': {
      const range = { fromSeq: whole('--from', values.from), toSeq: whole('--to', values.to) }
      return tell(`skip ${range.fromSeq} to ${range.toSeq}`, (tasks) => tasks.skipEntries({ id, ...range }))
    }
    case 'redrive':
      return tell('run again', (tasks) => tasks.redriveTask({ id }))
    case 'discard':
      return tell('give up', (tasks) => tasks.discardTask({ id, reason }))
    default:
      throw new UsageError(`There is no "${verb}": ${verbs}.`)
  }
}

function listWork({ kind, state, conversation, query = '', closed, limit, json }: Values) {
  const most = whole('--limit', limit)
  const filter = { kind, state, conversationId: conversation, query, hasClosed: closed }
  return async (tasks: Tasks) => {
    const found = []
    let cursor = ''
    do {
      const page = await tasks.listTasks({ ...filter, limit: most - found.length, cursor })
      found.push(...page.tasks)
      cursor = page.nextCursor
    } while (cursor !== '' && found.length < most)
    printTasks(found, json)
  }
}

function whole(flag: string, value: string): number {
  const number = Number(value)
  if (!/^\d+$/.test(value) || number < 1) throw new UsageError(`${flag} takes a whole number from 1, not "${value}".`)
  return number
}
