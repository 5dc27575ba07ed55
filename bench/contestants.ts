import { measureConn, type ConnOptions } from './rows/conn.ts'
import { measureRawInserts } from './rows/raw-inserts.ts'
import { measureRepo } from './rows/repo.ts'
import { measureSync } from './rows/sync.ts'
import { measureLoad, type Around, type Contestant, type Spell } from './suite.ts'
import { createGoChat, type GoChatOptions } from './systems/gochat.ts'
import type { System } from './systems/system.ts'

export interface ContestOptions extends GoChatOptions, Omit<ConnOptions, 'holdMs'> {
  readonly repoHost: string
  readonly spell: Spell
  /** Around each of our rows. */
  readonly around: Around
}

/** Streams to repo, or connections to the database: as two logic processes would open. */
const writers = 2
/** Connections are held for longer than a load is measured. */
const holdTimes = 6

export function gochatContestant(options: ContestOptions): Contestant {
  const { spell, around } = options
  const gochat = createGoChat(options)
  return {
    name: gochat.name,
    async measure(scenario) {
      const { id, kind } = scenario
      switch (kind) {
        case 'load':
          return measureLoad(gochat, scenario, spell, around)
        case 'sync':
          return around(id, () => measureSync({ ...options, ...spell }))
        case 'repo':
          return around(id, () => measureRepo({ ...options, ...spell, writers }))
        case 'conn':
          return around(id, () => measureConn({ ...options, holdMs: holdTimes * spell.measureMs }))
      }
    },
  }
}

export function peerContestants(systems: readonly System[], options: ContestOptions): Map<string, Contestant> {
  const { spell } = options
  const loads = systems.map((system): Contestant => ({
    name: system.name,
    async measure(scenario) {
      if (scenario.kind !== 'load') throw new Error(`${system.name} has no row ${scenario.id}`)
      return measureLoad(system, scenario, spell)
    },
  }))
  const raw: Contestant = {
    name: 'raw-inserts',
    measure: () => measureRawInserts({ ...options, ...spell, writers }),
  }
  return new Map([...loads, raw].map((contestant) => [contestant.name, contestant]))
}
