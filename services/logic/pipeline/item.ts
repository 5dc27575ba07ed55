import type { ErrorCode } from '#infra/errors/index.ts'
import type { Command } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import type {
  JoinRequestChange,
  MemberChange,
  NewEntry,
  StoredAnswer,
} from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import type { Refusal } from '../authorize.ts'

/** One record of gochat.upstream, decoded. It is taken whole or not at all. */
export interface QueuedRecord {
  readonly partition: number
  readonly offset: number
  /** When the broker appended it. */
  readonly timestampMs: number
  readonly bytes: number
  readonly items: readonly Item[]
  /** What of it can never be applied. */
  readonly poison: readonly Poison[]
}

/** A poisonous record or command, and where it lies. */
export interface Poison {
  readonly reason: string
  readonly partition: number
  readonly offset: number
  /** Of the command in its record; undefined: the record as a whole. */
  readonly index?: number
  /** A record of nothing but what is poison. Never shown. */
  readonly value: Uint8Array
}

/** One command on its way through the pipeline. */
export interface Item {
  readonly command: Command
  readonly partition: number
  readonly offset: number
  /** Position in its record. */
  readonly index: number
  readonly timestampMs: number
  /** Who asked for what under which id: equal keys are the same wish. Empty for commands without an id. */
  readonly key: string
  /** 16 bytes over what is asked for; empty where there is no key. */
  readonly hash: Uint8Array
  /** Undefined: well formed. */
  readonly fault: string | undefined
  /** What is to become of it; made anew by each evaluation. */
  plan: Plan
}

export type Plan =
  /** Takes a seq. Recipients are the members after it, and who went with it. */
  | { readonly is: 'entry'; readonly entry: NewEntry; seq: number; readonly recipients: Recipients }
  /** Members of a large conversation come or go without an entry, behind this seq. */
  | { readonly is: 'quiet'; readonly changes: MemberChange[]; readonly seq: number }
  /** A request to join is made, or ends, without an entry. */
  | {
      readonly is: 'request'
      readonly outcome: 'pending' | 'applied' | 'noop'
      readonly change: JoinRequestChange
      readonly told: JoinRequestNews | undefined
    }
  /** Nothing changes, but the answer is kept. */
  | { readonly is: 'outcome'; readonly outcome: 'noop' | ErrorCode; readonly refusal?: Refusal }
  /** Refused, unless the id is known: then its old answer. */
  | { readonly is: 'lookup'; readonly refusal: Refusal }
  /** The entry with seq 1, emitted. */
  | { readonly is: 'announce' }
  | { readonly is: 'read'; readonly seq: number; readonly recipients: readonly string[]; readonly isLarge: boolean }
  | { readonly is: 'typing'; readonly recipients: readonly string[] }
  /** The id came before in this batch. */
  | { readonly is: 'copy'; readonly of: Item }
  /** The id was stored before this batch. */
  | { readonly is: 'known'; readonly answer: StoredAnswer }
  /** Refused whatever is stored. */
  | { readonly is: 'refused'; readonly refusal: Refusal }
  | { readonly is: 'noop' }

export interface JoinRequestNews {
  readonly state: 'pending' | 'withdrawn' | 'rejected'
  readonly recipients: readonly string[]
  readonly isLarge: boolean
}

/** Users, or in a large conversation its members as of a version: gateways know them. */
export type Recipients = readonly string[] | { readonly memberVersion: number }

export const noop: Plan = { is: 'noop' }

export function isSameHash(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

/** Whom a command is about, next to who gives it. */
export function targetsOf({ body }: Command): readonly string[] {
  switch (body.case) {
    case 'add':
    case 'remove':
      return body.value.userIds
    case 'setRole':
    case 'mute':
    case 'transfer':
    case 'approve':
    case 'reject':
      return [body.value.userId]
    default:
      return nobody
  }
}

const nobody: readonly string[] = []
