import { createBehind } from './behind.ts'
import type { Activities } from './contract.ts'
import { createDeadLetters } from './dead-letters.ts'
import type { ActivityDeps } from './deps.ts'
import { createPoison } from './poison.ts'
import { createRedrivePage } from './redrive-page.ts'
import { createSettle } from './settle/settle.ts'

export type { Activities } from './contract.ts'
export type { ActivityDeps } from './deps.ts'
export { failureInterceptor } from './failures.ts'
export { defaultPace } from './pace.ts'
export { createCountedPush } from './push-stage.ts'

/** All that workflows can have done, by the names that they know. */
export function createActivities(deps: ActivityDeps): Activities {
  return {
    settle: createSettle(deps),
    settlePage: createRedrivePage(deps),
    ...createPoison(deps),
    ...createDeadLetters(deps),
    ...createBehind(deps),
  }
}
