/** Shows steps as they happen, several at once. Plain lines; in a terminal also one live line with what is running. */
export interface Progress {
  step<T>(title: string, work: (report: (line: string) => void) => Promise<T>): Promise<T>
  note(line: string): void
}

const STILL_EVERY_MS = 20_000
const REDRAW_MS = 1_000

export function createProgress(out: NodeJS.WriteStream = process.stdout): Progress {
  const running = new Map<string, { startedAt: number; doing: string }>()
  const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`

  function print(line: string): void {
    out.write(`${out.isTTY ? '\r\x1b[K' : ''}${line}\n`)
  }

  function redraw(): void {
    const live = [...running].map(([title, { startedAt, doing }]) => `${title}: ${doing} (${seconds(startedAt)})`)
    out.write(`\r\x1b[K${live.join(' · ').slice(0, (out.columns || 80) - 1)}`)
  }

  function startTicking(title: string, step: { startedAt: number }): NodeJS.Timeout {
    if (out.isTTY) return setInterval(redraw, REDRAW_MS)
    return setInterval(() => print(`  ${title}: still at it (${seconds(step.startedAt)})`), STILL_EVERY_MS)
  }

  return {
    note: (line) => print(`  ${line}`),
    async step(title, work) {
      const step = { startedAt: Date.now(), doing: 'working' }
      running.set(title, step)
      const timer = startTicking(title, step)
      try {
        const result = await work((line) => {
          step.doing = line
          if (out.isTTY) redraw()
          else print(`  ${title}: ${line}`)
        })
        print(`✓ ${title} (${seconds(step.startedAt)})`)
        return result
      } catch (error) {
        print(`✗ ${title} failed after ${seconds(step.startedAt)}`)
        throw error
      } finally {
        clearInterval(timer)
        running.delete(title)
        if (out.isTTY && running.size > 0) redraw()
      }
    },
  }
}
