/**
 * @gochat/sdk: a chat client for browsers and Node.
 * Promises: a message is sent until the server has answered for it; entries are given once, in order, without gaps.
 * Promises: the connection comes back by itself, with random growing delays, and what was missed meanwhile is fetched.
 * Does not: keep anything on disk. Save `positions()` and give them back to hold what this device held before.
 * Use: `const chat = createClient({ url, token }); chat.on('entry', ({ entry }) => show(entry)); await chat.connect()`
 */
export { createClient, type ChatClient, type ClientEvents, type ClientOptions } from './client.ts'
export type { ConnectionState, TokenSource } from './connection.ts'
export type { Arrival, Via } from './conversation-log.ts'
export { createCredentials, type Credentials, type CredentialsOptions } from './credentials.ts'
export { ChatError } from './errors.ts'
export { createRest, type GroupChanges, type Rest, type RestOptions } from './rest.ts'
export type { Conversation, Device, Group, Outcome, Session, User } from '../../proto/rest/index.ts'
export type { Sent } from './outbox.ts'
export type { ChangeBody, ChangeType, Entry, Head, JoinMode, NewMessage } from '../../proto/frames/index.ts'
