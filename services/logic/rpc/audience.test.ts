import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { connectInMemory } from '#infra/rpc/index.ts'
import {
  ListLargePlacesResponseSchema,
  ReadAudienceResponseSchema,
} from '#proto/gen/gochat/conversation/v1/audience_repo_pb.ts'
import { AudienceService } from '#proto/gen/gochat/conversation/v1/audience_service_pb.ts'
import { createAudienceService } from './audience.ts'

const place = { conversationId: '100', userId: '5', joinSeq: 3, leaveSeq: 0, memberVersion: 7 }

function setUp() {
  const asked: unknown[] = []
  const handlers = createAudienceService({
    audiences: {
      async listLargePlaces({ userIds }) {
        asked.push(userIds)
        return create(ListLargePlacesResponseSchema, { places: [place] })
      },
      async readAudience({ conversationId, sinceVersion, userIds }) {
        asked.push([conversationId, sinceVersion, userIds])
        return create(ReadAudienceResponseSchema, { memberVersion: 8, isComplete: true, places: [place] })
      },
    },
  })
  return { asked, client: connectInMemory(AudienceService, handlers) }
}

test('example: places and changes as the repo has them, asked for anew each time', async () => {
  const { asked, client } = setUp()
  await using audience = client
  const found = await audience.findLargePlaces({ userIds: ['5'] })
  const refreshed = await audience.refreshAudience({ conversationId: '100', sinceVersion: 6, userIds: ['5'] })
  await audience.refreshAudience({ conversationId: '100', sinceVersion: 6, userIds: ['5'] })
  for (const { places } of [found, refreshed])
    assert.deepEqual({ ...places[0], $typeName: undefined }, { ...place, $typeName: undefined })
  assert.deepEqual([refreshed.memberVersion, refreshed.isComplete], [8, true])
  assert.deepEqual(asked, [['5'], ['100', 6, ['5']], ['100', 6, ['5']]])
})

test('refused before anything is read: what is no id, and too many', async () => {
  const { asked, client } = setUp()
  await using audience = client
  const refusal = { code: 'INVALID_ARGUMENT' }
  await assert.rejects(audience.findLargePlaces({ userIds: ['x'] }), refusal)
  await assert.rejects(audience.findLargePlaces({ userIds: Array.from({ length: 1001 }, () => '5') }), refusal)
  await assert.rejects(audience.refreshAudience({ conversationId: '', userIds: ['5'] }), refusal)
  assert.deepEqual(asked, [])
})
