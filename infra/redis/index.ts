/**
 * Redis: where users are, caches and rate limits. A hint, never the truth: callers must work, worse, without it.
 * Promises: a command is sent at most once and answers within `commandTimeoutMs`; while disconnected it fails at once.
 * Promises: reconnects for ever with capped backoff; one log line per outage and minute, not one per error.
 * Does not: queue commands while offline, resend what was in flight, or retry. `translateError` names what went wrong.
 * Use: `await using redis = await connectRedis({ url, log, metrics })`; `await redis.mget(...)`; scripts by `loadScripts`.
 */
export { connectRedis, type Redis, type RedisOptions } from './connect.ts'
export { translateError } from './errors.ts'
export { watchRedisServer, type WatchServerOptions } from './watch-server.ts'
export { defineScript, loadScripts, type Script, type Scripts } from './scripts.ts'
