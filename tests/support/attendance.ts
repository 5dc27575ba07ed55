import assert from 'node:assert/strict'
import { createClient, type ChatClient } from '@gochat/sdk'
import { waitFor } from '#infra/testing/index.ts'
import type { Person } from './crowd.ts'
import { inParallel } from './in-parallel.ts'

/** Members of one conversation who are online, each writing down what it got. */
export interface Attendance extends AsyncDisposable {
  readonly attendees: readonly Attendee[]
  of(person: Person): Attendee
  /** Entries that came over a socket although the device had them: what the server sent twice. */
  readonly duplicates: number
  /** Resolves when all of them (or these) hold everything up to a seq. */
  untilAllHold(seq: number, some?: readonly Attendee[], timeoutMs?: number): Promise<void>
  /** Fails unless all of them (or these) hold just the entries behind fromSeq up to a seq: each once, in order. */
  assertExact(fromSeq: number, upToSeq: number, some?: readonly Attendee[]): void
}

export interface Attendee {
  readonly person: Person
  readonly chat: ChatClient
  /** Of the conversation's entries, in the order in which the application got them. */
  readonly seqs: readonly number[]
  /** Of all that came over the socket, also twice. */
  readonly pushed: readonly number[]
}

const pushedEntry = /^\{"t":"message","conversationId":"(\d+)","seq":(\d+)/

export async function attend(
  conversationId: string,
  people: readonly Person[],
  wsUrls: readonly string[],
): Promise<Attendance> {
  const attendees = people.map((person, i) => enter(person, rotated(wsUrls, i)))
  await inParallel(attendees, 16, ({ chat }) => chat.connect())
  await inParallel(attendees, 16, ({ chat }) => chat.sync())
  const byId = new Map(attendees.map((attendee) => [attendee.person.id, attendee]))

  return {
    attendees,
    of: (person) => byId.get(person.id)!,
    get duplicates() {
      return attendees.reduce((sum, { pushed }) => sum + pushed.length - new Set(pushed).size, 0)
    },
    async untilAllHold(seq, some = attendees, timeoutMs = 60_000) {
      const behind = () => some.filter(({ seqs }) => (seqs.at(-1) ?? 0) < seq)
      await waitFor(() => behind().length === 0, { timeoutMs, pollMs: 50, what: `everybody to hold seq ${seq}` })
    },
    assertExact(fromSeq, upToSeq, some = attendees) {
      const expected = Array.from({ length: upToSeq - fromSeq }, (_, i) => fromSeq + 1 + i)
      for (const { person, seqs } of some) {
        assert.deepEqual(
          seqs.filter((seq) => seq > fromSeq),
          expected,
          `what ${person.id} holds`,
        )
      }
    },
    async [Symbol.asyncDispose]() {
      for (const { chat } of attendees) chat.close()
    },
  }

  function enter(person: Person, urls: readonly string[]): Attendee {
    const seqs: number[] = []
    const pushed: number[] = []
    const chat = createClient({
      url: urls,
      token: person.token,
      ackTimeoutMs: 5_000,
      onRawFrame: (text) => {
        const [, id, seq] = pushedEntry.exec(text) ?? []
        if (id === conversationId) pushed.push(Number(seq))
      },
    })
    chat.on('entry', ({ entry }) => {
      if (entry.conversationId === conversationId) seqs.push(entry.seq)
    })
    return { person, chat, seqs, pushed }
  }
}

function rotated<T>(list: readonly T[], by: number): T[] {
  return list.map((_, i) => list[(i + by) % list.length]!)
}
