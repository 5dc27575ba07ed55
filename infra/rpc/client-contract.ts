import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import { AppError } from '#infra/errors/index.ts'
import type { MessageRepo } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import type { UserRepo } from '#proto/gen/gochat/user/v1/user_repo_pb.ts'

import type { CallContext, Client, Handlers } from './types.ts'

/** What a test needs of one way to connect a client with handlers. */
export interface Wiring extends AsyncDisposable {
  users(handlers: Partial<Handlers<typeof UserRepo>>): Promise<Client<typeof UserRepo>>
  messages(handlers: Partial<Handlers<typeof MessageRepo>>): Promise<Client<typeof MessageRepo>>
}

/** Run against both: over sockets and in memory. */
export function clientContract(name: string, wire: () => Wiring): void {
  const ann = { id: '7', name: 'Ann', displayName: 'Ann 🙂' }

  test(`${name}: example: a typed call and its answer, with unset fields at their defaults`, async () => {
    await using wiring = wire()
    const client = await wiring.users({
      async getUsers(request) {
        assert.deepEqual(request.ids, ['7', '8'])
        return { users: [ann] }
      },
    })
    const { users } = await client.getUsers({ ids: ['7', '8'] })
    assert.equal(users[0]?.displayName, 'Ann 🙂')
    assert.equal(users[0]?.$typeName, 'gochat.user.v1.User')
  })

  test(`${name}: an AppError arrives as the same AppError, whatever its text`, async () => {
    await using wiring = wire()
    const client = await wiring.users({
      async createUser() {
        throw new AppError('USERNAME_TAKEN', { message: 'täken "🙂"\n', details: { field: 'näme' }, retryAfterMs: 7 })
      },
    })
    await assert.rejects(client.createUser({}), (error) => {
      assert.ok(error instanceof AppError)
      const { code, message, details, retryAfterMs, retryable } = error
      assert.deepEqual(
        { code, message, details, retryAfterMs, retryable },
        {
          code: 'USERNAME_TAKEN',
          message: 'täken "🙂"\n',
          details: { field: 'näme' },
          retryAfterMs: 7,
          retryable: false,
        },
      )
      return true
    })
  })

  test(`${name}: details too large for trailers are left out, the error arrives`, async () => {
    await using wiring = wire()
    const client = await wiring.users({
      async createUser() {
        throw new AppError('INVALID_ARGUMENT', { details: { huge: 'x'.repeat(50_000) } })
      },
    })
    await assert.rejects(client.createUser({}), { code: 'INVALID_ARGUMENT' })
  })

  test(`${name}: anything else that a handler throws, also synchronously, is INTERNAL and does not tell why`, async () => {
    await using wiring = wire()
    const client = await wiring.users({
      async getUsers() {
        throw new TypeError('the secret is 42')
      },
      findUser() {
        throw new TypeError('the secret is 42')
      },
    })
    for (const call of [client.getUsers({}), client.findUser({})]) {
      await assert.rejects(call, (error) => {
        assert.ok(error instanceof AppError)
        assert.equal(error.code, 'INTERNAL')
        assert.doesNotMatch(error.message, /42/)
        return true
      })
    }
  })

  test(`${name}: a call ends at its deadline, and the handler's signal says so`, async () => {
    await using wiring = wire()
    const seen = Promise.withResolvers<CallContext>()
    const client = await wiring.users({
      async getUsers(_request, context) {
        seen.resolve(context)
        await delay(2_000, undefined, { signal: context.signal })
        return {}
      },
    })
    const startedAt = performance.now()
    await assert.rejects(client.getUsers({}, { timeoutMs: 60 }), { code: 'DEADLINE_EXCEEDED' })
    assert.ok(performance.now() - startedAt < 1_000)
    const { signal, deadline } = await seen.promise
    assert.ok(deadline instanceof Date)
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
  })

  test(`${name}: a caller's signal ends the call at once`, async () => {
    await using wiring = wire()
    const client = await wiring.users({ getUsers: () => new Promise(() => undefined) })
    const giveUp = new AbortController()
    setTimeout(() => giveUp.abort(), 30)
    await assert.rejects(client.getUsers({}, { signal: giveUp.signal }), { code: 'DEADLINE_EXCEEDED' })
    await assert.rejects(client.getUsers({}, { signal: AbortSignal.abort() }), { code: 'DEADLINE_EXCEEDED' })
  })

  test(`${name}: metadata travels with the call`, async () => {
    await using wiring = wire()
    const client = await wiring.users({
      getUsers: async (_request, { metadata }) => ({ users: [{ name: metadata.get('actor') ?? 'nobody' }] }),
    })
    const { users } = await client.getUsers({}, { metadata: { actor: 'ann' } })
    assert.equal(users[0]?.name, 'ann')
  })

  test(`${name}: a stream carries messages both ways in order until the client ends it`, async () => {
    await using wiring = wire()
    const client = await wiring.messages({
      appendStream(stream) {
        stream.onMessage(({ requestId }) => stream.write({ requestId }))
        stream.onEnd((error) => error === undefined && stream.end())
      },
    })
    const stream = client.appendStream()
    const received: number[] = []
    const ended = Promise.withResolvers<AppError | undefined>()
    stream.onMessage(({ requestId }) => received.push(requestId))
    stream.onEnd(ended.resolve)
    const sent = Array.from({ length: 50 }, (_, i) => i + 1)
    for (const requestId of sent) stream.write({ requestId })
    stream.end()
    assert.equal(await ended.promise, undefined)
    assert.deepEqual(received, sent)
  })

  test(`${name}: a server that fails a stream gives its error to the client; later writes do nothing`, async () => {
    await using wiring = wire()
    const client = await wiring.messages({
      appendStream(stream) {
        stream.onMessage(() => stream.fail(new AppError('FENCED')))
      },
    })
    const stream = client.appendStream()
    const ended = Promise.withResolvers<AppError | undefined>()
    stream.onMessage(() => undefined)
    stream.onEnd(ended.resolve)
    stream.write({ requestId: 1 })
    assert.equal((await ended.promise)?.code, 'FENCED')
    assert.equal(stream.write({ requestId: 2 }), false)
    stream.end()
  })

  test(`${name}: a stream handler that throws gives INTERNAL`, async () => {
    await using wiring = wire()
    const client = await wiring.messages({
      appendStream() {
        throw new TypeError('oops')
      },
    })
    const stream = client.appendStream()
    const ended = Promise.withResolvers<AppError | undefined>()
    stream.onMessage(() => undefined)
    stream.onEnd(ended.resolve)
    assert.equal((await ended.promise)?.code, 'INTERNAL')
  })

  test(`${name}: a listener that throws breaks its stream off, on either side, and nothing else`, async () => {
    await using wiring = wire()
    const client = await wiring.messages({
      appendStream(stream) {
        stream.onMessage(({ requestId }) => {
          if (requestId === 13) throw new TypeError('the secret is 42')
          stream.write({ requestId })
        })
      },
    })
    const open = (onMessage: () => void) => {
      const stream = client.appendStream()
      const ended = Promise.withResolvers<AppError | undefined>()
      stream.onMessage(onMessage)
      stream.onEnd(ended.resolve)
      return { stream, ended: ended.promise }
    }
    const atServer = open(() => undefined)
    atServer.stream.write({ requestId: 13 })
    const error = await atServer.ended
    assert.equal(error?.code, 'INTERNAL')
    assert.doesNotMatch(error.message, /42/)

    const atClient = open(() => {
      throw new TypeError('oops')
    })
    atClient.stream.write({ requestId: 1 })
    assert.equal((await atClient.ended)?.code, 'INTERNAL')
  })

  test(`${name}: a client that gives a stream up is noticed by the server`, async () => {
    await using wiring = wire()
    const seen = Promise.withResolvers<{ error: AppError | undefined; isAborted: boolean }>()
    const client = await wiring.messages({
      appendStream(stream, { signal }) {
        stream.onMessage(({ requestId }) => stream.write({ requestId }))
        stream.onEnd((error) => seen.resolve({ error, isAborted: signal.aborted }))
      },
    })
    const giveUp = new AbortController()
    const stream = client.appendStream({ signal: giveUp.signal })
    const ended = Promise.withResolvers<AppError | undefined>()
    stream.onMessage(() => giveUp.abort())
    stream.onEnd(ended.resolve)
    stream.write({ requestId: 1 })
    assert.equal((await ended.promise)?.code, 'UNAVAILABLE')
    assert.deepEqual(
      { code: (await seen.promise).error?.code, isAborted: (await seen.promise).isAborted },
      {
        code: 'UNAVAILABLE',
        isAborted: true,
      },
    )
  })

  test(`${name}: a stream whose other side never reads is ended instead of growing`, async () => {
    await using wiring = wire()
    const client = await wiring.messages({ appendStream: () => undefined })
    const stream = client.appendStream()
    const ended = Promise.withResolvers<AppError | undefined>()
    stream.onMessage(() => undefined)
    stream.onEnd(ended.resolve)
    const over = new AbortController()
    void ended.promise.then(() => over.abort())
    for (let requestId = 0; requestId < 1_000_000 && !over.signal.aborted; requestId += 1) {
      stream.write({ requestId })
      if (requestId % 500 === 0) await new Promise(setImmediate)
    }
    assert.equal((await ended.promise)?.code, 'OVERLOADED')
  })
}
