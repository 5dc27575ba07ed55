/**
 * Station 8 of the message path. Before: services/logic/pipeline/evaluate/evaluate.ts. After: services/logic/pipeline/append.ts.
 * Whether this actor may do this in this conversation: the one answer for commands and reads.
 */
import type { ErrorCode } from '#infra/errors/index.ts'
import { ConversationKind, JoinMode, type Role } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'

/** Somebody's place in a conversation; undefined where there never was one. */
export interface Actor {
  readonly role: Role
  readonly isActive: boolean
  readonly mutedUntilMs: number
}

export interface Subject {
  readonly kind: ConversationKind
  readonly joinMode: JoinMode
  /** Only admins and the owner may send. */
  readonly isMutedAll: boolean
  /** Above 0: everybody has left. */
  readonly dissolvedSeq: number
}

/** Why not. The message is for developers; absent: the table's. */
export interface Refusal {
  readonly code: ErrorCode
  readonly message?: string
}

type Check = (actor: Actor | undefined, conversation: Subject, nowMs: number) => Refusal | undefined
/** Undefined: allowed. */
type Right = Refusal | Check | undefined

const yes = undefined
const hide: Refusal = { code: 'CONVERSATION_NOT_FOUND' }
const no: Refusal = { code: 'FORBIDDEN' }
const stay: Refusal = {
  code: 'FORBIDDEN',
  message: 'The owner cannot leave: transfer the ownership, or dissolve the group.',
}
const pair: Refusal = { code: 'FORBIDDEN', message: 'The two sides of a direct conversation never change.' }
const muted: Refusal = { code: 'FORBIDDEN', message: 'Muted in this conversation.' }
const mutedAll: Refusal = { code: 'FORBIDDEN', message: 'Only admins and the owner may send in this group now.' }

const talk: Check = (actor, _, nowMs) => (actor!.mutedUntilMs > nowMs ? muted : undefined)
const talkIfAll: Check = (actor, conversation, nowMs) =>
  conversation.isMutedAll ? mutedAll : talk(actor, conversation, nowMs)
/** Where one gets in only by invitation there is nothing for others. */
const door: Check = (_, { joinMode, dissolvedSeq }) =>
  dissolvedSeq === 0 && (joinMode === JoinMode.APPROVAL || joinMode === JoinMode.OPEN) ? undefined : hide
/** Whether it has asked is known where the request is. */
const asked: Check = (_, { dissolvedSeq }) => (dissolvedSeq === 0 ? undefined : hide)

/**
 * Who may do what in a conversation. Who is not in it cannot tell it from one that does not exist; who has left, or was in a
 * group when it was dissolved, keeps what it was entitled to see, and nothing else. `pair`: either side of a direct conversation.
 */
// prettier-ignore
const rights = {
  //               none   left   member     admin  owner  pair
  send:           [hide,  hide,  talkIfAll, talk,  talk,  talk],
  read:           [hide,  hide,  yes,       yes,   yes,   yes],
  typing:         [hide,  hide,  yes,       yes,   yes,   yes],
  seeHistory:     [hide,  yes,   yes,       yes,   yes,   yes],
  seeDetails:     [hide,  hide,  yes,       yes,   yes,   yes],
  seeRequests:    [hide,  hide,  no,        yes,   yes,   pair],
  add:            [hide,  hide,  no,        yes,   yes,   pair],
  remove:         [hide,  hide,  no,        yes,   yes,   pair],
  leave:          [hide,  hide,  yes,       yes,   stay,  pair],
  rename:         [hide,  hide,  no,        yes,   yes,   pair],
  setAnnouncement:[hide,  hide,  no,        yes,   yes,   pair],
  setJoinMode:    [hide,  hide,  no,        yes,   yes,   pair],
  muteAll:        [hide,  hide,  no,        yes,   yes,   pair],
  mute:           [hide,  hide,  no,        yes,   yes,   pair],
  setRole:        [hide,  hide,  no,        no,    yes,   pair],
  transfer:       [hide,  hide,  no,        no,    yes,   pair],
  dissolve:       [hide,  hide,  no,        no,    yes,   pair],
  join:           [door,  door,  yes,       yes,   yes,   pair],
  withdraw:       [asked, asked, yes,       yes,   yes,   pair],
  approve:        [hide,  hide,  no,        yes,   yes,   pair],
  reject:         [hide,  hide,  no,        yes,   yes,   pair],
} satisfies Record<string, readonly [Right, Right, Right, Right, Right, Right]>

export type Action = keyof typeof rights

/** Undefined: allowed. */
export function authorize(
  actor: Actor | undefined,
  action: Action,
  conversation: Subject | undefined,
  nowMs = Date.now(),
): Refusal | undefined {
  if (conversation === undefined) return hide
  const right: Right = rights[action][columnOf(actor, conversation)]
  return typeof right === 'function' ? right(actor, conversation, nowMs) : right
}

/** Next to the action itself: nobody acts on somebody of the same or of a higher role, and so never on oneself. */
export function authorizeOn(actor: Actor | undefined, target: Actor): Refusal | undefined {
  return actor !== undefined && actor.role > target.role ? undefined : no
}

const columnOfLeft = 1
const columnOfPair = 5

function columnOf(actor: Actor | undefined, { kind, dissolvedSeq }: Subject): number {
  if (actor === undefined) return 0
  if (!actor.isActive || dissolvedSeq > 0) return columnOfLeft
  // Member, admin and owner are 1, 2 and 3.
  return kind === ConversationKind.GROUP ? columnOfLeft + actor.role : columnOfPair
}
