import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')
const timeoutMs = 120_000

/** A command of a runbook, and what the page says that it shows: patterns, one a line. */
export interface RunbookStep {
  readonly command: string
  readonly shows: readonly string[]
}

/** The blocks of a page, each with the heading that it stands under. */
export function readRunbook(name: string): { readonly heading: string; readonly steps: readonly RunbookStep[] }[] {
  const page = readFileSync(resolve(root, `docs/runbooks/${name}.md`), 'utf8')
  return page.split(/^## /m).flatMap((section) => {
    const heading = section.split('\n')[0]!
    return [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => ({ heading, steps: stepsOf(block!) }))
  })
}

function stepsOf(block: string): RunbookStep[] {
  const steps: { command: string; shows: string[] }[] = []
  for (const line of block.trimEnd().split('\n')) {
    if (line.startsWith('#> ')) steps.at(-1)!.shows.push(line.slice(3))
    else steps.push({ command: line, shows: [] })
  }
  return steps
}

/** Runs it as a shell would, with the page's variables; everything that it printed. */
export function runStep(command: string, variables: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((done) => {
    // An operator's shell has no test runner around it.
    const { NODE_TEST_CONTEXT: _, ...env } = { ...process.env, ...variables }
    execFile('bash', ['-c', expand(command, variables)], { cwd: root, env, timeout: timeoutMs }, (error, out, err) =>
      done(`${out}${err}${error === null ? '' : `\nexit code ${error.code}`}`),
    )
  })
}

/** A pattern of the page, with its variables in place. */
export function patternOf(text: string, variables: Readonly<Record<string, string>>): RegExp {
  return new RegExp(expand(text, variables, (value) => value.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)))
}

/** Also inside of single quotes, where a shell would leave them: the page is read by people. */
function expand(
  text: string,
  variables: Readonly<Record<string, string>>,
  escape: (value: string) => string = (value) => value,
): string {
  return text.replaceAll(/\$([A-Z][A-Z_0-9]*)/g, (whole, name: string) =>
    variables[name] === undefined ? whole : escape(variables[name]),
  )
}
