import type { Redis as Client, RedisKey, RedisValue } from 'ioredis'

export interface Script<Reply> {
  readonly lua: string
  /** Fixed number of keys; leave out when each call brings a different number. */
  readonly numberOfKeys?: number
  /** Never set; carries the reply's type. */
  readonly reply?: Reply
}

/** Gives a Lua script the type of its reply: `defineScript<number>({ lua, numberOfKeys: 1 })`. */
export function defineScript<Reply>(script: Omit<Script<Reply>, 'reply'>): Script<Reply> {
  return script
}

type AnyScripts = Readonly<Record<string, Script<unknown>>>

export type Scripts<S extends AnyScripts> = {
  readonly [Name in keyof S]: (
    keys: readonly RedisKey[],
    args?: readonly RedisValue[],
  ) => Promise<S[Name] extends Script<infer Reply> ? Reply : never>
}

/**
 * Makes each script a function. Sent by its digest (EVALSHA); a server that does not know it, after a restart or FLUSHALL,
 * gets the text by itself. A reply of nil is null: say so in its type.
 */
export function loadScripts<const S extends AnyScripts>(redis: Client, scripts: S): Scripts<S> {
  const calls: Record<string, (keys: readonly RedisKey[], args?: readonly RedisValue[]) => Promise<unknown>> = {}
  for (const [name, { lua, numberOfKeys }] of Object.entries(scripts)) {
    const command = `gochat:${name}`
    redis.defineCommand(command, numberOfKeys === undefined ? { lua } : { lua, numberOfKeys })
    const run = (redis as unknown as Record<string, (...args: RedisValue[]) => Promise<unknown>>)[command]
    if (run === undefined) throw new Error(`the script ${name} was not defined`)
    calls[name] = (keys, args = []) =>
      numberOfKeys === undefined ? run.call(redis, keys.length, ...keys, ...args) : run.call(redis, ...keys, ...args)
  }
  return calls as Scripts<S>
}
