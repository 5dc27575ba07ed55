import type { MessageInitShape } from '@bufbuild/protobuf'
import { limits } from '#proto/frames/limits.ts'
import type { MemberPageQuestion, MemberPageSchema } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import type { EncodedEntries, EntryBlocks } from '../cache/entry-blocks.ts'
import type { MemberRecord } from '../queries/members.ts'
import type { RepoDeps } from '../repo.ts'
import { idOf, invalid, limitOf } from './input.ts'
import { readMemberships } from './membership.ts'

const maxQuestions = 8
/** Eight of them, each with a largest body more, fit into one answer. */
const maxPageBytes = 768 * 1024
const maxSeq = 4_294_967_295

type PageInit = MessageInitShape<typeof MemberPageSchema>

/** What each user may hold of a log: its membership, and the entries asked for that lie in its range. */
export async function listMemberPages(
  deps: Pick<RepoDeps, 'mysql' | 'cache'> & { readonly entryBlocks: EntryBlocks },
  questions: readonly MemberPageQuestion[],
): Promise<PageInit[]> {
  if (questions.length > maxQuestions) throw invalid('questions', `has more than ${maxQuestions}`)
  const wanted = questions.map((question) => ({
    userId: idOf(question.userId, 'user_id'),
    conversationId: idOf(question.conversationId, 'conversation_id'),
    afterSeq: question.afterSeq,
    upToSeq: question.upToSeq === 0 ? maxSeq : question.upToSeq,
    limit: limitOf(question.limit, limits.maxHistoryPage),
  }))
  const memberships = await readMemberships(deps, wanted)
  return Promise.all(
    wanted.map(async ({ conversationId, limit, ...range }, index): Promise<PageInit> => {
      const membership = memberships[index]
      if (membership === undefined) return {}
      const { afterSeq, upToSeq } = within(membership.member, range)
      if (upToSeq <= afterSeq) return membership
      const entries = cutOff(await deps.entryBlocks.read(conversationId, { afterSeq, upToSeq, limit }))
      const entryList = Buffer.concat(entries.map((entry) => entry.bytes))
      return { ...membership, entryList, lastSeq: entries.at(-1)?.seq ?? 0 }
    }),
  )
}

interface Range {
  readonly afterSeq: number
  readonly upToSeq: number
}

/** join_seq < seq ≤ leave_seq. */
function within({ joinSeq, leaveSeq, isActive }: MemberRecord, { afterSeq, upToSeq }: Range): Range {
  return { afterSeq: Math.max(afterSeq, joinSeq), upToSeq: isActive ? upToSeq : Math.min(upToSeq, leaveSeq) }
}

/** At least one. */
function cutOff(entries: EncodedEntries): EncodedEntries {
  let size = 0
  const end = entries.findIndex(({ bytes }) => (size += bytes.length) > maxPageBytes)
  return end === -1 ? entries : entries.slice(0, Math.max(1, end))
}
