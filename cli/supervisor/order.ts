import type { ProcessSpec } from './spec.ts'

type Node = Pick<ProcessSpec, 'name' | 'dependsOn'>

/** May it start: does everything that it depends on, and that is in the plan, run? */
export function canStart(spec: Node, plan: ReadonlySet<string>, running: ReadonlySet<string>): boolean {
  return spec.dependsOn.every((name) => !plan.has(name) || running.has(name))
}

/** Waves in which to stop: nothing stops before all that depend on it. */
export function stopWaves<T extends Node>(specs: readonly T[]): T[][] {
  const waves: T[][] = []
  let left = [...specs]
  while (left.length > 0) {
    const needed = new Set(left.flatMap((spec) => spec.dependsOn))
    const wave = left.filter((spec) => !needed.has(spec.name))
    // A circle cannot be ordered: stop the rest at once.
    waves.push(wave.length > 0 ? wave : left)
    left = wave.length > 0 ? left.filter((spec) => needed.has(spec.name)) : []
  }
  return waves
}
