import type { JoinMode } from './frames/index.ts'
import { JoinMode as JoinModeNumber } from './gen/gochat/conversation/v1/conversation_pb.ts'

/** Clients say how one gets into a group by name, services by number. */
const numbers = {
  invite: JoinModeNumber.INVITE,
  approval: JoinModeNumber.APPROVAL,
  open: JoinModeNumber.OPEN,
} as const satisfies Record<JoinMode, JoinModeNumber>

export function joinModeNumber(name: JoinMode): JoinModeNumber {
  return numbers[name]
}

/** What is none of the known ones lets nobody in. */
export function joinModeName(number: JoinModeNumber): JoinMode {
  if (number === JoinModeNumber.OPEN) return 'open'
  return number === JoinModeNumber.APPROVAL ? 'approval' : 'invite'
}
