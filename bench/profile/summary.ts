/** What a .cpuprofile file holds, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[]
}

export interface Share {
  readonly name: string
  readonly ms: number
}

export interface ProfileSummary {
  /** Not idle. */
  readonly busyMs: number
  readonly functions: readonly Share[]
  readonly packages: readonly Share[]
}

const waiting = new Set(['(idle)', '(root)'])

/** Self time: what was spent in a function itself, not in what it called. The most first. */
export function summarize({ nodes, samples, timeDeltas }: CpuProfile, root: string): ProfileSummary {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const functions = new Map<string, number>()
  const packages = new Map<string, number>()
  let busyMs = 0
  for (const [i, id] of samples.entries()) {
    const frame = frames.get(id)!
    if (waiting.has(frame.functionName)) continue
    // A sample stands for the time until the next.
    const ms = Math.max(0, timeDeltas[i + 1] ?? 0) / 1000
    busyMs += ms
    const file = placeOf(frame.url, root)
    const line = file === '' ? '' : ` ${file}:${frame.lineNumber + 1}`
    add(functions, `${frame.functionName || '(anonymous)'}${line}`, ms)
    add(packages, packageOf(frame.functionName, file), ms)
  }
  return { busyMs, functions: sorted(functions), packages: sorted(packages) }
}

function placeOf(url: string, root: string): string {
  const path = url.replace('file://', '')
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path
}

/** A package of npm, node itself, the engine's own work, or a folder of ours. */
function packageOf(functionName: string, file: string): string {
  if (functionName.startsWith('(')) return functionName
  const installed = file.lastIndexOf('node_modules/')
  if (installed >= 0) {
    const [scope = '', name = ''] = file.slice(installed + 'node_modules/'.length).split('/')
    return scope.startsWith('@') ? `${scope}/${name}` : scope
  }
  if (file === '' || file.startsWith('node:')) return 'node'
  return file.split('/').slice(0, 2).join('/')
}

function add(times: Map<string, number>, name: string, ms: number): void {
  times.set(name, (times.get(name) ?? 0) + ms)
}

function sorted(times: ReadonlyMap<string, number>): Share[] {
  return [...times].map(([name, ms]) => ({ name, ms })).toSorted((a, b) => b.ms - a.ms)
}

const shownFunctions = 12
const shownPackages = 8

export function printSummary(
  name: string,
  { busyMs, functions, packages }: ProfileSummary,
  print: (line: string) => void,
): void {
  const line = ({ name, ms }: Share) => `    ${((100 * ms) / Math.max(1, busyMs)).toFixed(1).padStart(5)} %  ${name}`
  print(`  ${name}: busy ${(busyMs / 1000).toFixed(1)} s`)
  for (const share of packages.slice(0, shownPackages)) print(line(share))
  print('    by function:')
  for (const share of functions.slice(0, shownFunctions)) print(line(share))
}
