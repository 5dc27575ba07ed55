import { create } from '@bufbuild/protobuf'
import { memoryHeardMarks } from '#delivery/heard.ts'
import { connectInMemory } from '#infra/rpc/index.ts'
import { silentLogger, testMetrics } from '#infra/testing/index.ts'
import { AudienceService } from '#proto/gen/gochat/conversation/v1/audience_service_pb.ts'
import { AudienceSchema } from '#proto/gen/gochat/downstream/v1/downstream_pb.ts'
import { createAudiences, type AudienceBounds } from '../ws/audiences.ts'
import { fakeSocket, testHub } from './fake-socket.ts'
import { scriptedMembers } from './scripted-members.ts'

export interface StageOptions {
  readonly bounds?: Partial<AudienceBounds>
  readonly patienceMs?: number
}

/** Audiences with a real hub and fake sockets; the members are scripted. */
export function audienceStage(options: StageOptions = {}) {
  const { hub, writer, counts } = testHub()
  const members = scriptedMembers()
  const marks = memoryHeardMarks()
  const metrics = testMetrics()
  /** Who was told to sync. */
  const missed: string[] = []
  const audiences = createAudiences({
    hub,
    writer,
    counts,
    service: connectInMemory(AudienceService, members.handlers),
    marks,
    place: () => ({ slot: 1, epoch: 10 }),
    onMissed: (userIds = ['everybody']) => void missed.push(...userIds),
    log: silentLogger(),
    metrics,
    ...options,
  })

  /** A new socket that has said whose it is; `entered` resolves when it would get `ready`, as the login does it. */
  function open(userId: string) {
    const socket = fakeSocket()
    const connection = hub.open(socket, '127.0.0.1')
    connection.identity = { userId, deviceId: 'd', sessionId: '8', isAdmin: false, isGuest: false, expiresAtMs: 0 }
    hub.join(connection)
    const entered = audiences.enter(userId).then(() => {
      connection.isReady = true
    })
    return {
      socket,
      connection,
      entered,
      /** The entries of all conversations that it was given, in order. */
      seqs() {
        hub.flush()
        return socket.frames().map((frame) => frame['seq'] as number)
      },
      leave() {
        hub.flush()
        socket.isOpen = false
        hub.close(connection)
        audiences.leave(userId)
      },
    }
  }

  async function enter(userId: string) {
    const client = open(userId)
    await client.entered
    return client
  }

  function deliver(conversationId: string, seq: number, memberVersion: number, exceptConnection = 0): void {
    const payload = Buffer.from(JSON.stringify({ t: 'message', conversationId, seq }))
    audiences.deliver(payload, create(AudienceSchema, { conversationId, seq, memberVersion, exceptConnection }))
  }

  return { members, marks, metrics, missed, audiences, open, enter, deliver, settled }
}

export type Client = ReturnType<ReturnType<typeof audienceStage>['open']>

/** Answers take some turns of the event loop, and no time. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate)
}
