import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import type { System } from '../system.ts'
import type { Rest } from './rest.ts'

/** Sees to it that what happened between its making and `assertWell` hurt nobody. */
export interface Watch {
  /** No process was started anew, none logged an error, and REST answered nothing with 5xx. */
  assertWell(rests: readonly Rest[]): Promise<void>
}

const ours = /^(?:gateway|logic|repo)-\d+$/

export async function watch(system: System): Promise<Watch> {
  const { processes } = await system.supervisor.status()
  const logs = processes.filter(({ name }) => ours.test(name)).map(({ logFile }) => logFile)
  const sizes = new Map(logs.map((file) => [file, statSync(file).size]))
  const before = await lives(system)
  return {
    async assertWell(rests) {
      assert.deepEqual(await lives(system), before, 'a process died')
      assert.deepEqual(
        rests.flatMap(({ serverErrors }) => serverErrors),
        [],
        'REST answered with 5xx',
      )
      const errors = logs.flatMap((file) => linesAfter(file, sizes.get(file) ?? 0).filter(isError))
      assert.deepEqual(errors, [], 'a process logged errors')
    },
  }
}

async function lives(system: System): Promise<unknown[]> {
  const { processes } = await system.supervisor.status()
  return processes.map(({ name, pid, restarts, state }) => ({ name, pid, restarts, state }))
}

function linesAfter(file: string, position: number): string[] {
  return readFileSync(file).subarray(position).toString().split('\n')
}

function isError(line: string): boolean {
  return /"level":"(?:error|fatal)"/.test(line)
}
