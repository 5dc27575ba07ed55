/** A process that opens connections and holds them; it does what its parent orders, and ends with it. */
import { inParallel } from '#tests/support/in-parallel.ts'
import { connect, isPing } from '../systems/gochat-seat.ts'

export type HolderOrder =
  | { readonly order: 'connect'; readonly urls: readonly string[]; readonly tokens: readonly string[] }
  | { readonly order: 'count' }

export interface HolderAnswer {
  readonly held: number
  readonly dropped: number
  readonly isDone: boolean
}

const connectsAtOnce = 32
const reportEvery = 500

let held = 0
let dropped = 0
const answer = (isDone: boolean): void => void process.send!({ held, dropped, isDone } satisfies HolderAnswer)

process.on('disconnect', () => process.exit(0))
process.on('message', (order: HolderOrder) => {
  if (order.order === 'count') return answer(true)
  void inParallel(order.tokens, connectsAtOnce, (token, i) => hold(order.urls[i % order.urls.length]!, token)).then(
    () => answer(true),
  )
})

/** One that cannot be opened is not held; the parent sees the number. */
async function hold(url: string, token: string): Promise<void> {
  try {
    const socket = await connect(url, { id: '', token })
    socket.onClose = () => (dropped += 1)
    socket.onFrame = (data, start) => {
      if (isPing(data, start)) socket.send('{"t":"pong"}')
    }
    held += 1
    if (held % reportEvery === 0) answer(false)
  } catch {
    return
  }
}
