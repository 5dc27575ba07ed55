import type { HeardMarks } from '#delivery/heard.ts'
import type { Place } from '#delivery/routes.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import type { MemberPlace } from '#proto/gen/gochat/conversation/v1/audience_repo_pb.ts'
import type { Audience as Address } from '#proto/gen/gochat/downstream/v1/downstream_pb.ts'
import type { LogicClients } from '../ports.ts'
import { createAudienceLogins } from './audience-logins.ts'
import { createAudienceRefresh } from './audience-refresh.ts'
import { Audience, type AudienceEntry } from './audience.ts'
import type { FrameCounts } from './frame-counts.ts'
import { createHeard } from './heard.ts'
import type { Hub } from './hub.ts'
import { textFrame, typeOfPayload } from './text-frame.ts'
import type { Writer } from './writer.ts'

/**
 * Large conversations: logic names the conversation, this gateway knows its own members of it. An entry of a newer version of
 * the members waits, and with it only its conversation, until it is known what has changed.
 */
export interface Audiences extends AsyncDisposable {
  /** Hands an entry out, or parks it. Nothing is written before the hub's flush, or the end of this turn. */
  deliver(payload: Uint8Array, address: Address): void
  /** A socket has joined its user's. Resolves when the user's large conversations are known, or cannot be known now. */
  enter(userId: string): Promise<void>
  /** A socket of this user has closed. */
  leave(userId: string): void
  /** Records may have been missed, or are read under another place: what is heard begins anew. */
  forgetHeard(): void
  /** Once a second. */
  tick(): void
}

export interface AudiencesOptions {
  readonly hub: Pick<Hub, 'ofUser' | 'userIds'>
  readonly writer: Pick<Writer, 'push'>
  readonly counts: Pick<FrameCounts, 'sent'>
  readonly service: Pick<LogicClients['audience'], 'findLargePlaces' | 'refreshAudience'>
  readonly marks: HeardMarks
  readonly place: () => Place
  /** Entries were dropped, or were handed out without these users; without users: everybody here. */
  readonly onMissed: (userIds?: readonly string[]) => void
  readonly log: Logger
  readonly metrics: Metrics
  readonly bounds?: Partial<AudienceBounds>
  /** How long it is tried to learn an audience. Default 10 000. */
  readonly patienceMs?: number
}

export interface AudienceBounds {
  readonly audiences: number
  /** Of one conversation. */
  readonly parkedEntries: number
  readonly parkedBytes: number
  /** Of all together. */
  readonly allParkedBytes: number
}

const mebibyte = 1024 * 1024
const defaultBounds: AudienceBounds = {
  audiences: 10_000,
  parkedEntries: 1000,
  parkedBytes: 4 * mebibyte,
  allParkedBytes: 64 * mebibyte,
}

export function createAudiences(options: AudiencesOptions): Audiences {
  const { hub, writer, counts, service, onMissed, log, metrics, patienceMs } = options
  const bounds = { ...defaultBounds, ...options.bounds }
  /** In the order of their last entries: who had none for the longest time goes first. */
  const audiences = new Map<string, Audience>()
  const ofUser = new Map<string, Set<Audience>>()
  const parked = { entries: 0, bytes: 0 }

  const heard = createHeard(options)
  const refresh = createAudienceRefresh({
    service,
    userIds: () => hub.userIds(),
    put,
    onProgress: handOutParked,
    onGivenUp: giveUp,
    log,
    metrics,
    ...(patienceMs === undefined ? {} : { patienceMs }),
  })
  const logins = createAudienceLogins({ service, onFound, onLate: onMissed, log })
  const audiencesGauge = metrics.gauge('gochat_gateway_audiences', 'Large conversations whose members here are kept')
  const parkedGauge = metrics.gauge('gochat_gateway_audience_parked', 'Entries that wait for a newer list of members')
  const stopMeasuring = metrics.onScrape(() => {
    audiencesGauge.set(audiences.size)
    parkedGauge.set(parked.entries)
  })

  function audienceOf(conversationId: string): Audience {
    const audience = audiences.get(conversationId) ?? new Audience(conversationId, (userId) => hub.ofUser(userId))
    audiences.delete(conversationId)
    audiences.set(conversationId, audience)
    if (audiences.size > bounds.audiences) {
      const [oldest] = audiences.values()
      if (oldest!.parked.length > 0) giveUp(oldest!)
      else forget(oldest!)
    }
    return audience
  }

  function canHandOut(audience: Audience, { seq, memberVersion }: AudienceEntry): boolean {
    if (!audience.knows(memberVersion)) return false
    if (!audience.isJump(seq)) return true
    audience.forgetPlaces()
    return false
  }

  function handOut(audience: Audience, { frame, type, seq, exceptConnection }: AudienceEntry): void {
    const { conversationId } = audience
    if (heard.has(conversationId, seq)) return
    heard.add(conversationId, seq)
    audience.lastSeq = Math.max(audience.lastSeq, seq)
    let sent = 0
    for (const connection of audience.connectionsAt(seq)) {
      if (!connection.isReady || connection.number === exceptConnection) continue
      writer.push(connection, frame)
      sent += 1
    }
    if (sent > 0) counts.sent(type, sent)
  }

  function park(audience: Audience, entry: AudienceEntry): void {
    audience.parked.push(entry)
    count(audience, 1, entry.frame.length)
    const isOver =
      audience.parked.length > bounds.parkedEntries ||
      audience.parkedBytes > bounds.parkedBytes ||
      parked.bytes > bounds.allParkedBytes
    if (isOver) giveUp(audience)
    else refresh.start(audience)
  }

  function handOutParked(audience: Audience): void {
    let handed = 0
    for (const entry of audience.parked) {
      if (!canHandOut(audience, entry)) break
      handOut(audience, entry)
      handed += 1
    }
    const bytes = audience.parked.splice(0, handed).reduce((sum, { frame }) => sum + frame.length, 0)
    count(audience, -handed, -bytes)
  }

  function count(audience: Audience, entries: number, bytes: number): void {
    audience.parkedBytes += bytes
    parked.entries += entries
    parked.bytes += bytes
  }

  /** The parked entries are lost here, and never called heard. */
  function giveUp(audience: Audience): void {
    const isKnown = audience.version > 0 && audience.toLearn.size === 0
    onMissed(isKnown ? [...audience.userIds()] : undefined)
    forget(audience)
  }

  function forget(audience: Audience): void {
    audience.isForgotten = true
    audiences.delete(audience.conversationId)
    heard.forget(audience.conversationId)
    for (const userId of audience.userIds()) ofUser.get(userId)?.delete(audience)
    count(audience, -audience.parked.length, -audience.parkedBytes)
  }

  function put(audience: Audience, place: MemberPlace): void {
    const { userId } = place
    if (audience.isForgotten || hub.ofUser(userId).length === 0) return
    audience.put(userId, place)
    ofUser.set(userId, (ofUser.get(userId) ?? new Set()).add(audience))
  }

  /** Of what is not known here, everybody is learned with its first entry. */
  function onFound(place: MemberPlace): void {
    const audience = audiences.get(place.conversationId)
    if (audience !== undefined) put(audience, place)
  }

  function socketsChanged(userId: string): void {
    for (const audience of ofUser.get(userId) ?? []) audience.socketsChanged()
  }

  return {
    deliver(payload, { conversationId, seq, memberVersion, exceptConnection }) {
      if (heard.has(conversationId, seq)) return heard.repeat(conversationId)
      const audience = audienceOf(conversationId)
      const entry = { frame: textFrame(payload), type: typeOfPayload(payload), seq, memberVersion, exceptConnection }
      if (audience.parked.length > 0 || !canHandOut(audience, entry)) park(audience, entry)
      else handOut(audience, entry)
    },
    enter(userId) {
      socketsChanged(userId)
      refresh.include(userId)
      return logins.enter(userId)
    },
    leave(userId) {
      socketsChanged(userId)
      if (hub.ofUser(userId).length > 0) return
      for (const audience of ofUser.get(userId) ?? []) audience.remove(userId)
      ofUser.delete(userId)
      logins.leave(userId)
    },
    forgetHeard: () => heard.forget(),
    tick: () => logins.tick(),
    async [Symbol.asyncDispose]() {
      stopMeasuring()
      refresh[Symbol.dispose]()
      await heard[Symbol.asyncDispose]()
    },
  }
}
