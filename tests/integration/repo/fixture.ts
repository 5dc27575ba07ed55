import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Message, MessageInitShape } from '@bufbuild/protobuf'
import { sql } from 'kysely'
import type { AppError } from '#infra/errors/index.ts'
import { createIdGenerator } from '#infra/id/index.ts'
import { createMysql, migrate, type Mysql } from '#infra/mysql/index.ts'
import { createRpcClient, startRpcServer, type Client } from '#infra/rpc/index.ts'
import { silentLogger, stackEnv, testMetrics } from '#infra/testing/index.ts'
import { AudienceRepo } from '#proto/gen/gochat/conversation/v1/audience_repo_pb.ts'
import { ConversationRepo } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import { GroupRepo } from '#proto/gen/gochat/conversation/v1/group_repo_pb.ts'
import {
  MessageRepo,
  type AppendStreamRequestSchema,
  type AppendStreamResponse,
  type ConversationAppendSchema,
  type NewEntrySchema,
  type NewOutcomeSchema,
} from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { FanoutRepo } from '#proto/gen/gochat/task/v1/fanout_repo_pb.ts'
import { PoisonRepo } from '#proto/gen/gochat/task/v1/poison_repo_pb.ts'
import { SessionRepo } from '#proto/gen/gochat/user/v1/session_repo_pb.ts'
import { UserRepo } from '#proto/gen/gochat/user/v1/user_repo_pb.ts'
import { createCache } from '#services/repo/cache/cache.ts'
import { openCacheConnection } from '#services/repo/cache/connection.ts'
import type { Database } from '#services/repo/database.ts'
import { createRepo } from '#services/repo/repo.ts'

const log = silentLogger()

/** A repo over sockets, with a database of its own that goes when it is disposed. */
export interface Repo extends AsyncDisposable {
  readonly mysql: Mysql<Database>
  readonly metrics: ReturnType<typeof testMetrics>
  readonly users: Client<typeof UserRepo>
  readonly sessions: Client<typeof SessionRepo>
  readonly conversations: Client<typeof ConversationRepo>
  readonly groups: Client<typeof GroupRepo>
  readonly messages: Client<typeof MessageRepo>
  readonly audiences: Client<typeof AudienceRepo>
  readonly fanouts: Client<typeof FanoutRepo>
  readonly poison: Client<typeof PoisonRepo>
  /** Makes users with random names. */
  makeUsers(count: number): Promise<string[]>
  /** A group of the first (its owner) and the others. */
  makeGroup(userIds: readonly string[]): Promise<string>
  rows<T>(text: string): Promise<T[]>
  /** As on SIGTERM: resolves when nothing is under way any more, or after five seconds. */
  drain(): Promise<void>
}

export interface RepoOptions {
  /** Instead of the stack's, for tests that take it away. */
  readonly redisUrl?: string
  /** Where the repo reaches MySQL, such as a proxy's port; the database is made directly. */
  readonly mysqlPort?: number
}

export async function startRepo(options: RepoOptions = {}): Promise<Repo> {
  const stack = new AsyncDisposableStack()
  const metrics = testMetrics()
  const admin = new URL(stackEnv().mysqlUrl)
  const database = `gochat_test_${randomBytes(6).toString('hex')}`
  const adminDb = stack.use(createMysql<Database>({ url: admin.href, poolSize: 1, log, metrics: testMetrics() }))
  await sql.raw(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`).execute(adminDb.db)
  stack.defer(async () => void (await sql.raw(`DROP DATABASE ${database}`).execute(adminDb.db)))
  const direct = new URL(admin)
  direct.pathname = `/${database}`
  await migrate({ url: direct.href, folder: join(import.meta.dirname, '../../../services/repo/migrations'), log })

  const url = new URL(direct)
  if (options.mysqlPort !== undefined) url.port = String(options.mysqlPort)
  const mysql = stack.use(createMysql<Database>({ url: url.href, log, metrics, queryTimeoutMs: 1_500 }))
  const redis = stack.use(openCacheConnection({ url: options.redisUrl ?? stackEnv().redisUrl, log, metrics }))
  const cache = stack.use(createCache({ redis: () => redis.current(), log, metrics }))
  const newId = createIdGenerator({ worker: Math.floor(Math.random() * 1024) })
  const services = createRepo({ mysql, cache, newId, log, metrics })
  const server = stack.use(await startRpcServer({ port: 0, services, log, metrics }))
  const target = { hosts: `127.0.0.1:${server.port}`, log, metrics: testMetrics(), timeoutMs: 20_000, retries: 0 }
  const users = stack.use(createRpcClient(UserRepo, target))
  const groups = stack.use(createRpcClient(GroupRepo, target))
  const ownDb = stack.use(createMysql<Database>({ url: direct.href, poolSize: 2, log, metrics: testMetrics() }))

  return {
    mysql,
    metrics,
    users,
    groups,
    sessions: stack.use(createRpcClient(SessionRepo, target)),
    conversations: stack.use(createRpcClient(ConversationRepo, target)),
    messages: stack.use(createRpcClient(MessageRepo, target)),
    audiences: stack.use(createRpcClient(AudienceRepo, target)),
    fanouts: stack.use(createRpcClient(FanoutRepo, target)),
    poison: stack.use(createRpcClient(PoisonRepo, target)),
    async makeUsers(count) {
      const names = Array.from({ length: count }, () => randomBytes(8).toString('hex'))
      const made = await Promise.all(
        names.map((name) => users.createUser({ name, displayName: name, passwordHash: '$argon2id$x' })),
      )
      return made.map(({ user }) => user!.id)
    },
    async makeGroup([creatorId = '', ...memberIds]) {
      const commandId = randomBytes(8).toString('hex')
      const { conversation } = await groups.createGroup({ creatorId, memberIds, commandId, name: 'Group' })
      return conversation!.id
    },
    async rows<T>(text: string) {
      return (await sql.raw<T>(text).execute(ownDb.db)).rows
    },
    drain: () => server.drain(5_000),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

export type Conversation = MessageInitShape<typeof ConversationAppendSchema>
export type Entry = Exclude<MessageInitShape<typeof NewEntrySchema>, Message>
type Request = MessageInitShape<typeof AppendStreamRequestSchema>
type Outcome = Exclude<MessageInitShape<typeof NewOutcomeSchema>, Message>
export type Answer = AppendStreamResponse['result']

/** A caller of AppendStream that has claimed its partitions and counts their offsets. */
export interface Owner extends AsyncDisposable {
  readonly epoch: number
  /** What partition 0 of this owner has been advanced to. */
  offset: number
  /** Applies the next command of the first partition. */
  append(conversations: Conversation[], more?: { readonly createdAtMs: number }): Promise<Answer>
  /** Sends exactly this. */
  send(request: Request): Promise<Answer>
}

export async function claim(repo: Repo, partitions: readonly number[], owner = 'logic-1'): Promise<Owner> {
  const { claims } = await repo.messages.claimPartitions({
    owner,
    partitions: partitions.map((partition) => ({ partition, logStart: 0, logEnd: 1e9 })),
  })
  const { partition, epoch, nextOffset } = claims[0]!
  const stream = openAppends(repo)
  const self: Owner = {
    epoch,
    offset: nextOffset,
    async append(conversations, more) {
      const fromOffset = self.offset
      const answer = await stream.send({
        partitions: [{ partition, epoch, fromOffset, toOffset: fromOffset + 1 }],
        createdAtMs: Date.now(),
        ...more,
        conversations,
      })
      if (answer.case === 'applied') self.offset = fromOffset + 1
      return answer
    },
    send: stream.send,
    [Symbol.asyncDispose]: async () => stream.end(),
  }
  return self
}

/** The stream without bookkeeping: one promise per request; a broken stream rejects them. */
export function openAppends(repo: Repo) {
  const stream = repo.messages.appendStream()
  const waiting = new Map<number, PromiseWithResolvers<Answer>>()
  let lastId = 0
  stream.onMessage((response) => {
    waiting.get(response.requestId)?.resolve(response.result)
    waiting.delete(response.requestId)
  })
  stream.onEnd((error?: AppError) => {
    for (const { reject } of waiting.values()) reject(error ?? new Error('the stream ended'))
  })
  return {
    send(request: Request): Promise<Answer> {
      const requestId = (lastId += 1)
      const answer = Promise.withResolvers<Answer>()
      waiting.set(requestId, answer)
      stream.write({ ...request, requestId })
      return answer.promise
    },
    end: () => stream.end(),
  }
}

interface EntryFields {
  readonly type?: string
  readonly clientMessageId?: string
  readonly contentHash?: Uint8Array
  readonly body?: Uint8Array
}

let counter = 0

/** A message with an id and a hash of its own. */
export function message(senderId: string, more: EntryFields = {}): Entry {
  counter += 1
  return {
    type: 'text',
    senderId,
    clientMessageId: `m-${counter}`,
    contentHash: hashOf(counter),
    body: Buffer.from(JSON.stringify({ text: `message ${counter}` })),
    isUnread: true,
    ...more,
  }
}

/** A change of who is in: `changes` are user id and whether it is in from now on. */
export function change(senderId: string, type: string, changes: readonly [userId: string, isActive: boolean][]): Entry {
  counter += 1
  const userIds = changes.map(([userId]) => userId)
  return {
    type,
    senderId,
    commandId: `c-${counter}`,
    contentHash: hashOf(counter),
    body: Buffer.from(JSON.stringify({ userIds })),
    memberChanges: changes.map(([userId, isActive]) => ({ userId, isActive })),
  }
}

/** A change of who is in a large conversation, behind the first `afterEntries` entries of its request. */
export function quiet(
  actorId: string,
  changes: readonly [userId: string, isActive: boolean][],
  afterEntries = 0,
): Outcome {
  counter += 1
  return {
    actorId,
    commandId: `q-${counter}`,
    contentHash: hashOf(counter),
    outcome: 'applied',
    memberChanges: changes.map(([userId, isActive]) => ({ userId, isActive })),
    afterEntries,
  }
}

export function hashOf(content: number): Buffer {
  const hash = Buffer.alloc(16)
  hash.writeUInt32BE(content)
  return hash
}
