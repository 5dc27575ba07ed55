import type { MessageInitShape } from '@bufbuild/protobuf'
import { AppError } from '#infra/errors/index.ts'
import type { Handlers } from '#infra/rpc/index.ts'
import type { MemberPlaceSchema } from '#proto/gen/gochat/conversation/v1/audience_repo_pb.ts'
import type { AudienceService } from '#proto/gen/gochat/conversation/v1/audience_service_pb.ts'

/** The members of large conversations, as the database would hold them, behind an AudienceService. */
export interface ScriptedMembers {
  readonly handlers: Handlers<typeof AudienceService>
  /** What was asked: `find 1,2` or `refresh 7 since 3 of 1,2`. */
  readonly questions: readonly string[]
  /** Each change is a new version, which it returns. */
  join(conversationId: string, userId: string, joinSeq: number): number
  leave(conversationId: string, userId: string, leaveSeq: number): number
  /** From now on what is asked is read and answered only when the test says so, in any order. */
  hold(): readonly HeldAnswer[]
  /** The next questions fail with it; undefined: they are answered again. */
  failWith(error: AppError | undefined): void
  /** More changes than this since a version are too many to list. */
  maxChanges: number
  /** While false, logins do not find them: they are direct. */
  areLarge: boolean
}

export interface HeldAnswer {
  readonly question: string
  /** The answer is what holds now, whenever it is given. */
  read(): void
  /** Gives the answer; reads it first where that was not done. */
  release(): void
}

interface Conversation {
  version: number
  readonly changes: string[]
  readonly places: Map<string, { joinSeq: number; leaveSeq: number }>
}
type Place = MessageInitShape<typeof MemberPlaceSchema>

export function scriptedMembers(): ScriptedMembers {
  const conversations = new Map<string, Conversation>()
  const questions: string[] = []
  let held: HeldAnswer[] | undefined
  let failure: AppError | undefined

  function change(conversationId: string, userId: string, place: { joinSeq: number; leaveSeq: number }): number {
    const conversation: Conversation = conversations.get(conversationId) ?? {
      version: 1,
      changes: [],
      places: new Map(),
    }
    conversations.set(conversationId, conversation)
    conversation.places.set(userId, place)
    conversation.changes.push(userId)
    conversation.version += 1
    return conversation.version
  }

  function placesOf(conversationId: string, userIds: Iterable<string>): Place[] {
    const { version, places } = conversations.get(conversationId)!
    return [...new Set(userIds)].flatMap((userId) => {
      const place = places.get(userId)
      return place === undefined ? [] : [{ conversationId, userId, ...place, memberVersion: version }]
    })
  }

  async function answer<T>(question: string, read: () => T): Promise<T> {
    questions.push(question)
    if (failure !== undefined) throw failure
    if (held === undefined) return read()
    const { promise, resolve } = Promise.withResolvers<T>()
    const pending: HeldAnswer[] = held
    let value: T | undefined
    const item = {
      question,
      read() {
        value ??= read()
      },
      release() {
        pending.splice(pending.indexOf(item), 1)
        resolve((value ??= read()))
      },
    }
    pending.push(item)
    return promise
  }

  const members: ScriptedMembers = {
    questions,
    maxChanges: 1000,
    areLarge: true,
    join: (conversationId, userId, joinSeq) => change(conversationId, userId, { joinSeq, leaveSeq: 0 }),
    leave(conversationId, userId, leaveSeq) {
      const joinSeq = conversations.get(conversationId)?.places.get(userId)?.joinSeq ?? 0
      return change(conversationId, userId, { joinSeq, leaveSeq })
    },
    hold: () => (held ??= []),
    failWith(error) {
      failure = error
    },
    handlers: {
      findLargePlaces: ({ userIds }) =>
        answer(`find ${userIds.join()}`, () => ({
          places: members.areLarge
            ? [...conversations.keys()].flatMap((id) => placesOf(id, userIds).filter(isActive))
            : [],
        })),
      refreshAudience({ conversationId, sinceVersion, userIds }) {
        return answer(`refresh ${conversationId} since ${sinceVersion} of ${userIds.join()}`, () => {
          const conversation = conversations.get(conversationId)
          if (conversation === undefined) throw new AppError('CONVERSATION_NOT_FOUND')
          const { version, changes } = conversation
          if (sinceVersion === 0) {
            return { memberVersion: version, isComplete: true, places: placesOf(conversationId, userIds) }
          }
          const changed = changes.slice(sinceVersion - 1)
          if (changed.length > members.maxChanges) return { memberVersion: version, isComplete: false, places: [] }
          return { memberVersion: version, isComplete: true, places: placesOf(conversationId, changed) }
        })
      },
    },
  }
  return members
}

function isActive({ leaveSeq }: Place): boolean {
  return leaveSeq === 0
}
