/**
 * @gochat/sdk: a chat client for browsers and Node.
 * Promises: a message is sent until the server has answered for it; entries are given once, in order, without gaps.
 * Promises: the connection comes back by itself, with random growing delays, and what was missed meanwhile is fetched.
 * Does not: keep anything on disk. Save `positions()` and give them back to hold what this device held before.
 * Use: `const chat = createClient({ url, token }); chat.on('entry', ({ entry }) => show(entry)); await chat.connect()`
 */
export { createClient, type ChatClient, type ClientEvents, type ClientOptions } from './client.ts'
export type { ConnectionState } from './connection.ts'
export type { Arrival, Via } from './conversation-log.ts'
export { ChatError } from './errors.ts'
export { createRest, type CommandResult, type Conversation, type Login, type Rest, type RestOptions } from './rest.ts'
export type { Sent } from './outbox.ts'
export type { Entry, Head, NewMessage } from '../../proto/frames/index.ts'
