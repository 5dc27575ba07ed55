import type { LiveSettings } from '#delivery/live-settings.ts'
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { ErrorBody } from '#infra/errors/index.ts'
import type { Logger } from '#infra/logger/index.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import type { Client } from '#infra/rpc/index.ts'
import type { AudienceService } from '#proto/gen/gochat/conversation/v1/audience_service_pb.ts'
import type { Entry } from '#proto/gen/gochat/conversation/v1/conversation_pb.ts'
import type { ConversationService } from '#proto/gen/gochat/conversation/v1/conversation_service_pb.ts'
import type { GroupService } from '#proto/gen/gochat/conversation/v1/group_service_pb.ts'
import type { MessageService } from '#proto/gen/gochat/message/v1/message_service_pb.ts'
import type { TaskService } from '#proto/gen/gochat/task/v1/task_service_pb.ts'
import type { CommandSchema } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import type { AuthService } from '#proto/gen/gochat/user/v1/auth_service_pb.ts'
import type { SessionService } from '#proto/gen/gochat/user/v1/session_service_pb.ts'
import type { UserService } from '#proto/gen/gochat/user/v1/user_service_pb.ts'
import type { GatewayConfig } from './config.ts'

/** The seams inside the gateway: what http/ and ws/ need of each other and of the rest. */

/** A command as an edge makes it; where its answer goes is added on the way out. */
export interface NewCommand {
  /** The client's id for it; empty for read and typing. */
  readonly id: string
  readonly conversationId: string
  readonly actorId: string
  readonly body: NonNullable<MessageInitShape<typeof CommandSchema>['body']>
}

/** Where an answer goes inside this process. Slot and epoch are the gateway's own. */
export interface ReplyAddress {
  /** The socket; 0 for a REST request. */
  readonly connection: number
  /** The client's frame id, or the number of the REST request. */
  readonly request: string
}

export interface Upstream {
  /**
   * Takes the commands of one frame or request, all of one conversation; they travel together, in order.
   * False: the queue is full (OVERLOADED), and nothing was taken.
   */
  submit(commands: readonly NewCommand[], replyTo?: ReplyAddress): boolean
}

/** What became of one command. Sends are named by clientMessageId, the rest by commandId. */
export interface CommandResult {
  readonly clientMessageId?: string
  readonly commandId?: string
  readonly seq?: number
  readonly createdAt?: number
  readonly duplicate?: true
  /** pending: a request to join waits. */
  readonly outcome?: 'applied' | 'noop' | 'pending'
  readonly error?: ErrorBody
}

export interface Answer {
  readonly t: 'ack'
  readonly id: string
  readonly conversationId: string
  readonly results: readonly CommandResult[]
}

/** REST's way to the message path: a command, and a wait for its result. */
export interface Requests {
  /**
   * The answer, which may hold an error: the caller maps it.
   * @throws AppError OVERLOADED at once; ACK_TIMEOUT after `timeoutMs`; DEADLINE_EXCEEDED when the signal aborts first.
   */
  submit(command: NewCommand, timeoutMs: number, signal?: AbortSignal): Promise<Answer>
}

/** Reads history, for sockets and REST. */
export interface History {
  /** @throws AppError what logic says of this question; UNAVAILABLE, DEADLINE_EXCEEDED; OVERLOADED at once. */
  page(question: PageQuestion): Promise<Page>
}

export interface PageQuestion {
  readonly actorId: string
  readonly conversationId: string
  readonly afterSeq: number
  /** 0: no bound. */
  readonly upToSeq: number
  readonly limit: number
}

export interface Page {
  /** In order; fewer than asked for where they are large. */
  readonly entries: readonly Entry[]
  /** The newest seq that the actor may see. */
  readonly lastSeq: number
}

/** Who is at the other end, as its token or ticket says. */
export interface Identity {
  readonly userId: string
  readonly deviceId: string
  /** The login behind it. */
  readonly sessionId: string
  /** May steer tasks under /admin. */
  readonly isAdmin: boolean
  /** Has no name and no password of its own. */
  readonly isGuest: boolean
  /** When the access token behind it ends. */
  readonly expiresAtMs: number
}

/** access-tokens.ts: `createAccessTokens({ secret, otherSecrets?, now? })`. */
export interface AccessTokens {
  /** @throws AppError UNAUTHENTICATED or TOKEN_EXPIRED */
  verify(token: string): Promise<Identity>
}

/** sessions.ts: which logins have ended. */
export interface Sessions {
  /**
   * Resolves when the session is live, or when nobody can say: then the signed, short token is enough. Asks logic for those
   * that it has not asked about lately, many at a time. @throws AppError SESSION_REVOKED or ACCOUNT_SUSPENDED
   */
  require(identity: Pick<Identity, 'sessionId'>): Promise<void>
}

/** tickets.ts: `createTickets({ redis, now? })`. A ticket stands for an identity once, for 30 s. */
export interface Tickets {
  /** @throws AppError UNAVAILABLE */
  issue(identity: Identity): Promise<{ ticket: string; expiresAtMs: number }>
  /** Undefined: unknown, used or expired. @throws AppError UNAVAILABLE */
  redeem(ticket: string): Promise<Identity | undefined>
}

/**
 * json.ts: `parseJson(text): unknown` for http/ and ws/ alike. A `custom` body may nest so deep that JSON.parse takes it and
 * JSON.stringify overflows the stack, or hold 1e400, which JSON.stringify makes null: both are refused there.
 */

/** rates.ts: `createRates({ profile, now? })`. In memory, of this process. `ip` is the socket's address. */
export interface Rates {
  readonly profile: 'standard' | 'loopback'
  /** What holds for everyone but loopback peers of the loopback profile. */
  readonly standard: LiveSettings['rates']
  /** From now on these hold; what was counted is forgotten. */
  change(standard: LiveSettings['rates']): void
  /** Milliseconds to wait; 0: go ahead, and `count` messages were taken from the allowance. */
  takeSend(userId: string, ip: string, count: number): number
  /** False: this address opens sockets too fast. */
  takeConnection(ip: string): boolean
  /** One REST request of any kind. */
  takeRequest(ip: string): RateUse
  /** One attempt to prove or make an account; without a name: a guest. Milliseconds to wait; 0: go ahead. */
  takeLogin(ip: string, name?: string): number
}

export interface RateUse {
  readonly limit: number
  readonly remaining: number
  readonly windowSeconds: number
  /** Milliseconds to wait; 0: go ahead. */
  readonly waitMs: number
}

export interface LogicClients {
  readonly auth: Client<typeof AuthService>
  readonly session: Client<typeof SessionService>
  readonly user: Client<typeof UserService>
  readonly conversation: Client<typeof ConversationService>
  readonly message: Client<typeof MessageService>
  readonly group: Client<typeof GroupService>
  readonly audience: Client<typeof AudienceService>
}

/** http/index.ts: `createHttpApp({ log })` makes the Fastify instance, `registerHttp(app, deps): Promise<void>` puts REST on it. */
export interface HttpDeps {
  readonly config: Pick<GatewayConfig, 'GOCHAT_ACK_TIMEOUT_MS'>
  /** The allow-list that the WebSocket uses too. Asked only when there is an Origin header. */
  readonly isOriginAllowed: (origin: string) => boolean
  readonly clients: LogicClients
  /** Not logic's: everything that is a workflow. */
  readonly tasks: Client<typeof TaskService>
  readonly requests: Requests
  readonly history: History
  readonly accessTokens: AccessTokens
  readonly sessions: Sessions
  readonly tickets: Tickets
  readonly rates: Rates
  readonly live: { readonly current: LiveSettings }
  readonly log: Logger
  readonly metrics: Metrics
}
