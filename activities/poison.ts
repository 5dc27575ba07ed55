import type { PoisonLetter } from '#workflows/contracts.ts'
import type { Activities } from './contract.ts'
import type { ActivityDeps } from './deps.ts'

/** Copies of poison: back to where they came from, or gone. */
export function createPoison(deps: ActivityDeps): Pick<Activities, 'reproducePoison' | 'dropPoison'> {
  const { poison, transport } = deps
  return {
    async reproducePoison(letter) {
      const { topic, partition } = letter
      const { value } = await poison.getPoison({ place: placeOf(letter) })
      await transport.send([{ topic, partition, value: Buffer.from(value) }])
    },
    async dropPoison(letter) {
      await poison.dropPoison({ place: placeOf(letter) })
    },
  }
}

function placeOf({ topic, partition, offset, index }: PoisonLetter) {
  return { topic, partition, offset, index }
}
