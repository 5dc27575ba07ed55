import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { decode } from '#infra/protobuf/index.ts'
import { EntryListSchema } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import { change, claim, message, startRepo, type Owner, type Repo } from './fixture.ts'

let repo: Repo
let owner: Owner
let ann: string
let bob: string
let eve: string

before(async () => {
  repo = await startRepo()
  owner = await claim(repo, [0])
  ;[ann = '', bob = '', eve = ''] = await repo.makeUsers(3)
})
after(() => repo?.[Symbol.asyncDispose]())

test('each gets what lies in its own range, whatever it asks for, and who never was there no membership', async () => {
  const group = await repo.makeGroup([ann])
  const entries = [message(ann), message(ann), change(ann, 'added', [[bob, true]]), message(ann), message(bob)]
  await owner.append([
    { conversationId: group, entries: [...entries, change(bob, 'left', [[bob, false]]), message(ann), message(ann)] },
  ])
  // Entry 1 is the creation; Bob came with 4 and left with 7.
  const asked = [
    { userId: ann, afterSeq: 0, upToSeq: 0, limit: 0 },
    { userId: ann, afterSeq: 3, upToSeq: 6, limit: 2 },
    { userId: ann, afterSeq: 9, upToSeq: 0, limit: 0 },
    { userId: bob, afterSeq: 0, upToSeq: 0, limit: 0 },
    { userId: bob, afterSeq: 5, upToSeq: 9, limit: 0 },
    { userId: bob, afterSeq: 7, upToSeq: 0, limit: 0 },
    { userId: eve, afterSeq: 0, upToSeq: 0, limit: 0 },
  ]
  const questions = asked.map((question) => ({ ...question, conversationId: group }))
  const { pages } = await repo.messages.listMemberPages({ questions })
  assert.deepEqual(
    pages.map(({ member, entryList, lastSeq }) => [member?.userId, seqsOf(entryList), lastSeq]),
    [
      [ann, [1, 2, 3, 4, 5, 6, 7, 8, 9], 9],
      [ann, [4, 5], 5],
      [ann, [], 0],
      [bob, [4, 5, 6, 7], 7],
      [bob, [6, 7], 7],
      [bob, [], 0],
      [undefined, [], 0],
    ],
  )
  assert.deepEqual([pages[0]?.conversation?.lastSeq, pages[6]?.conversation], [9, undefined])
})

test('a page is cut off where it grows too large, so that eight of the largest fit into one answer', async () => {
  const group = await repo.makeGroup([ann])
  const body = Buffer.from(JSON.stringify({ text: 'x'.repeat(65_000) }))
  for (let round = 0; round < 2; round += 1) {
    await owner.append([{ conversationId: group, entries: Array.from({ length: 8 }, () => message(ann, { body })) }])
  }
  const question = { userId: ann, conversationId: group, afterSeq: 1 }
  const { pages } = await repo.messages.listMemberPages({ questions: Array.from({ length: 8 }, () => question) })
  for (const { entryList, lastSeq } of pages) {
    const seqs = seqsOf(entryList)
    assert.ok(seqs.length > 5 && seqs.length < 16, String(seqs.length))
    assert.deepEqual([seqs[0], seqs.at(-1)], [2, lastSeq])
  }
})

test('more questions than eight, and what is no id or limit, are refused', async () => {
  const question = { userId: ann, conversationId: '1', afterSeq: 0 }
  const refused = async (questions: object[], field: string) =>
    assert.rejects(repo.messages.listMemberPages({ questions }), { code: 'INVALID_ARGUMENT', details: { field } })
  await refused(
    Array.from({ length: 9 }, () => question),
    'questions',
  )
  await refused([{ ...question, userId: 'x' }], 'user_id')
  await refused([{ ...question, conversationId: '' }], 'conversation_id')
  await refused([{ ...question, limit: 101 }], 'limit')
})

function seqsOf(entryList: Uint8Array): number[] {
  return decode(EntryListSchema, entryList).entries.map(({ seq }) => seq)
}
