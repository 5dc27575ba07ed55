import type { Handlers } from '#infra/rpc/index.ts'
import type { PoisonCopy, PoisonPlace, PoisonRepo } from '#proto/gen/gochat/task/v1/poison_repo_pb.ts'
import { dropPoison, getPoison, keepPoison } from '../queries/poison.ts'
import type { RepoDeps } from '../repo.ts'
import { invalid } from './input.ts'

export function poisonRepo({ mysql }: RepoDeps): Handlers<typeof PoisonRepo> {
  return {
    async keepPoison({ copies }) {
      if (copies.length > maxCopies) throw invalid('copies', `has more than ${maxCopies}`)
      const kept = copies.map(({ place, value }: PoisonCopy) => {
        if (value.length > maxValueBytes) throw invalid('value', `is longer than ${maxValueBytes} bytes`)
        return { place: placeOf(place), value }
      })
      await mysql.transaction((tx) => keepPoison(tx, kept))
      return {}
    },

    async getPoison(request) {
      return { value: await getPoison(mysql.db, placeOf(request.place)) }
    },

    async dropPoison(request) {
      await dropPoison(mysql.db, placeOf(request.place))
      return {}
    },
  }
}

const maxCopies = 100
const maxValueBytes = 1024 * 1024

function placeOf(place: PoisonPlace | undefined): PoisonPlace {
  if (place === undefined) throw invalid('place', 'is missing')
  const { topic, offset, index } = place
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(topic)) throw invalid('topic', 'is no name of a topic')
  if (!Number.isSafeInteger(offset) || offset < 0) throw invalid('offset', 'is none')
  if (index < -1) throw invalid('index', 'is below −1')
  return place
}
