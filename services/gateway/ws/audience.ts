import type { MemberPlace } from '#proto/gen/gochat/conversation/v1/audience_repo_pb.ts'
import type { Connection } from './connection.ts'

/** A user's place in the conversation: it sees entries with joinSeq < seq ≤ leaveSeq (0: no end). */
type Place = Pick<MemberPlace, 'joinSeq' | 'leaveSeq' | 'memberVersion'>

/** An entry, wrapped once, on its way to the sockets here. */
export interface AudienceEntry {
  readonly frame: Buffer
  readonly type: string
  readonly seq: number
  readonly memberVersion: number
  /** The socket that has the ack instead; 0: none. */
  readonly exceptConnection: number
}

/**
 * Which users of this gateway see which entries of one large conversation. The invariant that makes any order of answers,
 * logins and changes harmless: a place as of p, in an audience as of v, misses no change between p and v, so that asking for
 * what has changed since v brings all that is not known yet.
 */
export class Audience {
  readonly conversationId: string
  /** Places are known as of this version of the members, but for those in `toLearn`; 0: unknown. */
  version = 0
  /** Users here who must be asked for by name. */
  readonly toLearn = new Set<string>()
  /** Entries that wait, in order, until it is known whom they are for. */
  readonly parked: AudienceEntry[] = []
  parkedBytes = 0
  /** The newest entry that was handed out; 0: whatever comes next follows. */
  lastSeq = 0
  /** It went, perhaps while an answer was on its way to it. */
  isForgotten = false
  readonly #connectionsOf: (userId: string) => readonly Connection[]
  readonly #places = new Map<string, Place>()
  /** No place begins or ends above it. */
  #calmAbove = 0
  /** All sockets of those whose places have no end, until one of them comes or goes. */
  #active: readonly Connection[] | undefined

  constructor(conversationId: string, connectionsOf: (userId: string) => readonly Connection[]) {
    this.conversationId = conversationId
    this.#connectionsOf = connectionsOf
  }

  get isWaiting(): boolean {
    return this.parked.length > 0 || this.toLearn.size > 0
  }

  knows(memberVersion: number): boolean {
    return this.version > 0 && this.version >= memberVersion && this.toLearn.size === 0
  }

  /**
   * Whether entries between the last one and this are missing. Then the conversation may have been a direct one meanwhile,
   * and who logged in during that time was not told that it is large.
   */
  isJump(seq: number): boolean {
    return this.lastSeq > 0 && seq > this.lastSeq + 1
  }

  /** Everybody here must be asked for. What is known stays until the answer, for nothing is handed out before it. */
  forgetPlaces(): void {
    this.version = 0
    this.lastSeq = 0
  }

  userIds(): Iterable<string> {
    return this.#places.keys()
  }

  /** The newer place counts. */
  put(userId: string, { joinSeq, leaveSeq, memberVersion }: Place): void {
    const known = this.#places.get(userId)
    if (known !== undefined && known.memberVersion >= memberVersion) return
    this.#places.set(userId, { joinSeq, leaveSeq, memberVersion })
    this.#calmAbove = Math.max(this.#calmAbove, joinSeq, leaveSeq)
    this.#active = undefined
  }

  remove(userId: string): void {
    if (this.#places.delete(userId)) this.#active = undefined
  }

  /** A socket of one of its users has come or gone. */
  socketsChanged(): void {
    this.#active = undefined
  }

  /** The sockets of all who see the entry; some may not be ready. */
  connectionsAt(seq: number): readonly Connection[] {
    if (seq <= this.#calmAbove) {
      return this.#connections(({ joinSeq, leaveSeq }) => joinSeq < seq && (leaveSeq === 0 || seq <= leaveSeq))
    }
    return (this.#active ??= this.#connections(({ leaveSeq }) => leaveSeq === 0))
  }

  #connections(sees: (place: Place) => boolean): Connection[] {
    const connections: Connection[] = []
    for (const [userId, place] of this.#places) {
      if (sees(place)) connections.push(...this.#connectionsOf(userId))
    }
    return connections
  }
}
