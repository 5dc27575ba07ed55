import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import { Client as GrpcClient, credentials, loadPackageDefinition } from '@grpc/grpc-js'
import { service as healthService } from 'grpc-health-check'

import {
  createEtcdRegistry,
  memoryEtcd,
  staticHosts,
  watchHosts,
  type Host,
  type HostList,
} from '#infra/discovery/index.ts'
import { AppError } from '#infra/errors/index.ts'
import { clientContract, type Wiring } from '#infra/rpc/client-contract.ts'
import {
  createRpcClient,
  service,
  startRpcServer,
  type Handlers,
  type RpcServer,
  type ServiceBinding,
} from '#infra/rpc/index.ts'
import { freePort, metricValue, recordingLogger, silentLogger, testMetrics, waitFor } from '#infra/testing/index.ts'
import { MessageRepo } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { UserRepo } from '#proto/gen/gochat/user/v1/user_repo_pb.ts'

const log = silentLogger()
const metrics = testMetrics()

clientContract('over sockets', (): Wiring => {
  const stack = new AsyncDisposableStack()
  const serve = async (binding: ServiceBinding) => {
    const server = stack.use(await startRpcServer({ port: 0, services: [binding], log, metrics }))
    return { hosts: `127.0.0.1:${server.port}`, log, metrics }
  }
  return {
    users: async (handlers) => stack.use(createRpcClient(UserRepo, await serve(users(handlers)))),
    messages: async (handlers) => stack.use(createRpcClient(MessageRepo, await serve(messages(handlers)))),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
})

test('calls are spread over the hosts of the list, and follow its changes without a new client', async () => {
  await using stack = new AsyncDisposableStack()
  const answering = async (name: string) =>
    stack.use(await startServer(users({ getUsers: async () => ({ users: [{ name }] }) })))
  const [a, b, c] = [await answering('a'), await answering('b'), await answering('c')]
  const hosts = changingHosts([host(a), host(b)])
  const client = stack.use(createRpcClient(UserRepo, { hosts, log, metrics }))
  const ask = async () => (await client.getUsers({})).users[0]?.name
  const askMany = async () => (await Promise.all(Array.from({ length: 30 }, ask))).toSorted().join('')

  await waitFor(async () => (await askMany()) === 'a'.repeat(15) + 'b'.repeat(15), { what: 'an even spread' })
  hosts.set([host(b), host(c)])
  await waitFor(async () => (await askMany()) === 'b'.repeat(15) + 'c'.repeat(15), { what: 'the new hosts' })
  hosts.set([host(b), { ...host(c), draining: true }])
  await waitFor(async () => (await askMany()) === 'b'.repeat(30), { what: 'the draining host to be spared' })
  hosts.set([{ ...host(b), draining: true }])
  assert.equal(await ask(), 'b', 'a draining host beats none')
  hosts.set([])
  assert.equal(await ask(), 'b', 'an empty list may be a wiped registry: stay with what answers')
  hosts.set([host(a)])
  await waitFor(async () => (await ask()) === 'a', { what: 'the host of the new list' })
})

test('a client finds a server when it registers, and again when it comes back at another address', async () => {
  await using stack = new AsyncDisposableStack()
  const etcd = stack.use(memoryEtcd())
  const hosts = stack.use(await watchHosts(etcd, 'repo', log))
  const client = stack.use(createRpcClient(UserRepo, { hosts, log, metrics, retries: 0 }))
  const ask = async () => (await client.getUsers({})).users[0]?.name
  await assert.rejects(ask(), { code: 'UNAVAILABLE' })
  for (const name of ['first', 'second']) {
    const server = await startServer(users({ getUsers: async () => ({ users: [{ name }] }) }))
    const registration = await createEtcdRegistry(etcd, { log }).register('repo', 'repo-1', `127.0.0.1:${server.port}`)
    await waitFor(async () => (await ask()) === name, { what: `the ${name} server` })
    await registration[Symbol.asyncDispose]()
    await server.drain(100)
  }
})

test('a host that stops and comes back costs no call while another one is there', async () => {
  await using stack = new AsyncDisposableStack()
  const binding = () => users({ getUsers: async () => ({}) })
  const port = await freePort()
  const first = await startServer(binding(), port)
  const second = stack.use(await startServer(binding()))
  const client = stack.use(
    createRpcClient(UserRepo, { hosts: staticHosts([`127.0.0.1:${port}`, `127.0.0.1:${second.port}`]), log, metrics }),
  )
  const over = new AbortController()
  let calls = 0
  const load = (async () => {
    for (; !over.signal.aborted; calls += 1) await client.getUsers({})
  })()
  await delay(150)
  await first.drain(0)
  await delay(150)
  await using again = await startServer(binding(), port)
  await delay(150)
  over.abort()
  await load
  assert.ok(calls > 50)
  assert.equal(again.port, port)
})

test('UNAVAILABLE is repeated, other errors and calls that forbid it are not', async () => {
  const own = testMetrics()
  let attempts = 0
  await using server = await startServer(
    users({
      async getUsers() {
        attempts += 1
        if (attempts % 3 !== 0) throw new AppError('UNAVAILABLE')
        return {}
      },
      async findUser() {
        attempts += 1
        throw new AppError('INTERNAL')
      },
    }),
  )
  await using client = createRpcClient(UserRepo, { hosts: `127.0.0.1:${server.port}`, log, metrics: own })
  await client.getUsers({})
  assert.equal(attempts, 3)
  assert.equal(await metricValue(own, 'gochat_rpc_client_retries_total', { method: 'UserRepo/GetUsers' }), 2)
  await assert.rejects(client.getUsers({}, { retries: 0 }), { code: 'UNAVAILABLE' })
  assert.equal(attempts, 4)
  await assert.rejects(client.findUser({}), { code: 'INTERNAL' })
  assert.equal(attempts, 5)
})

test('nobody listening is UNAVAILABLE, well before the deadline', async () => {
  await using client = createRpcClient(UserRepo, { hosts: '127.0.0.1:1', log, metrics, retries: 1 })
  await assert.rejects(client.getUsers({}), { code: 'UNAVAILABLE' })
})

test('draining lets calls finish, tells streams and health, and takes no new ones', async () => {
  const atWork = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const server = await startRpcServer({
    port: 0,
    log,
    metrics,
    services: [
      users({
        async getUsers() {
          atWork.resolve()
          await release.promise
          return { users: [{ name: 'late' }] }
        },
      }),
      messages({
        appendStream(stream, { draining }) {
          stream.onMessage(({ requestId }) => stream.write({ requestId }))
          stream.onEnd(() => stream.end())
          draining.addEventListener('abort', () => stream.end())
        },
      }),
    ],
  })
  const options = { hosts: `127.0.0.1:${server.port}`, log, metrics, retries: 0 }
  await using userClient = createRpcClient(UserRepo, options)
  await using messageClient = createRpcClient(MessageRepo, options)
  const health = healthClient(server.port)
  assert.equal(await health.check(''), 'SERVING')
  assert.equal(await health.check('gochat.user.v1.UserRepo'), 'SERVING')

  const stream = messageClient.appendStream()
  const streamEnded = Promise.withResolvers<AppError | undefined>()
  const streamWorks = Promise.withResolvers<void>()
  stream.onMessage(() => streamWorks.resolve())
  stream.onEnd(streamEnded.resolve)
  stream.write({ requestId: 1 })
  await streamWorks.promise
  const slow = userClient.getUsers({})
  await atWork.promise

  const drained = server.drain(5_000)
  assert.equal(await streamEnded.promise, undefined)
  release.resolve()
  assert.equal((await slow).users[0]?.name, 'late')
  health.close()
  await drained
  await server.drain(5_000)
  await assert.rejects(userClient.getUsers({}), { code: 'UNAVAILABLE' })
})

test('draining ends in time even when a handler never does', async () => {
  await using server = await startServer(users({ getUsers: () => new Promise(() => undefined) }))
  await using client = createRpcClient(UserRepo, { hosts: `127.0.0.1:${server.port}`, log, metrics, retries: 0 })
  const stuck = client.getUsers({})
  await delay(50)
  const startedAt = performance.now()
  await Promise.all([server.drain(100), assert.rejects(stuck, { code: 'UNAVAILABLE' })])
  assert.ok(performance.now() - startedAt < 1_500)
})

test('a call without a deadline gets the default one', async () => {
  await using server = await startRpcServer({
    port: 0,
    log,
    metrics,
    defaultTimeoutMs: 50,
    services: [users({ getUsers: () => new Promise(() => undefined) })],
  })
  const raw = new GrpcClient(`127.0.0.1:${server.port}`, credentials.createInsecure())
  const error = await new Promise<{ code: number } | null>((resolve) => {
    const asBytes = (bytes: Buffer) => bytes
    raw.makeUnaryRequest('/gochat.user.v1.UserRepo/GetUsers', asBytes, asBytes, Buffer.alloc(0), (failure) =>
      resolve(failure),
    )
  })
  raw.close()
  assert.equal(error?.code, 4)
})

test('more calls at once than allowed are turned away, and not counted for ever', async () => {
  const release = Promise.withResolvers<void>()
  await using server = await startRpcServer({
    port: 0,
    log,
    metrics,
    maxConcurrentCalls: 2,
    services: [
      users({
        async getUsers() {
          await release.promise
          return {}
        },
      }),
    ],
  })
  await using client = createRpcClient(UserRepo, { hosts: `127.0.0.1:${server.port}`, log, metrics, retries: 0 })
  const two = [client.getUsers({}), client.getUsers({})]
  await waitFor(
    () =>
      client.getUsers({}, { timeoutMs: 50 }).then(
        () => false,
        (e: AppError) => e.code === 'OVERLOADED',
      ),
    { what: 'the limit' },
  )
  release.resolve()
  await Promise.all(two)
  await client.getUsers({})
})

test('a message over the limit is PAYLOAD_TOO_LARGE and the connection lives on', async () => {
  await using server = await startServer(users({ getUsers: async () => ({}) }))
  await using client = createRpcClient(UserRepo, { hosts: `127.0.0.1:${server.port}`, log, metrics })
  await assert.rejects(client.getUsers({ ids: ['x'.repeat(9 * 1024 * 1024)] }), { code: 'PAYLOAD_TOO_LARGE' })
  await client.getUsers({})
})

test('a handler that fails unexpectedly is logged with its cause, without the request', async () => {
  const { log: recorder, lines } = recordingLogger()
  await using server = await startRpcServer({
    port: 0,
    log: recorder,
    metrics,
    services: [
      users({
        async getUsers() {
          throw new TypeError('broken inside')
        },
      }),
    ],
  })
  await using client = createRpcClient(UserRepo, { hosts: `127.0.0.1:${server.port}`, log, metrics })
  await assert.rejects(client.getUsers({ ids: ['private'] }), { code: 'INTERNAL' })
  const line = JSON.stringify(lines.find((entry) => entry['msg'] === 'handler failed'))
  assert.match(line, /broken inside/)
  assert.match(line, /UserRepo\/GetUsers/)
  assert.doesNotMatch(line, /private/)
})

test('reflection, both versions, lists every service and knows the files of each', async () => {
  await using server = await startRpcServer({ port: 0, log, metrics, services: [users({}), messages({})] })
  for (const version of ['v1', 'v1alpha']) {
    // Field 7, list_services, and field 4, file_containing_symbol.
    const services = await askReflection(server.port, version, 7, '*')
    for (const name of ['gochat.user.v1.UserRepo', 'gochat.message.v1.MessageRepo', 'grpc.health.v1.Health']) {
      assert.ok(services.includes(name), `${version} lists ${name}`)
    }
    assert.match(await askReflection(server.port, version, 4, 'gochat.message.v1.MessageRepo'), /AppendStreamRequest/)
    assert.match(await askReflection(server.port, version, 4, 'grpc.health.v1.Health'), /StatusesEntry/)
  }
})

function users(handlers: Partial<Handlers<typeof UserRepo>>): ServiceBinding {
  const absent = async (): Promise<never> => {
    throw new AppError('NOT_FOUND')
  }
  return service(UserRepo, {
    createUser: absent,
    getUsers: absent,
    findUser: absent,
    getCredentials: absent,
    updateProfile: absent,
    ...handlers,
  })
}

function messages(handlers: Partial<Handlers<typeof MessageRepo>>): ServiceBinding {
  const absent = async (): Promise<never> => {
    throw new AppError('NOT_FOUND')
  }
  return service(MessageRepo, {
    claimPartitions: absent,
    listEntries: absent,
    listMemberPages: absent,
    appendStream: (stream) => stream.fail(new AppError('NOT_FOUND')),
    ...handlers,
  })
}

function startServer(binding: ServiceBinding, port = 0): Promise<RpcServer> {
  return startRpcServer({ port, services: [binding], log, metrics })
}

function host({ port }: { port: number }): Host {
  return { instance: `i-${port}`, address: `127.0.0.1:${port}`, draining: false }
}

function changingHosts(first: readonly Host[]): HostList & { set(hosts: readonly Host[]): void } {
  let hosts = first
  const listeners = new Set<() => void>()
  return {
    current: () => hosts,
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    set(next) {
      hosts = next
      for (const listener of listeners) listener()
    },
    async [Symbol.asyncDispose]() {
      listeners.clear()
    },
  }
}

/** As an orchestrator would ask. */
function healthClient(port: number) {
  const { Health } = loadPackageDefinition({ Health: healthService }) as unknown as {
    Health: new (
      address: string,
      security: typeof credentials extends { createInsecure(): infer C } ? C : never,
    ) => GrpcClient & {
      check(request: object, done: (error: Error | null, answer: { status: string }) => void): void
    }
  }
  const client = new Health(`127.0.0.1:${port}`, credentials.createInsecure())
  return {
    check: (name: string) =>
      new Promise<string>((resolve, reject) => {
        client.check({ service: name }, (error, answer) => (error ? reject(error) : resolve(answer.status)))
      }),
    close: () => client.close(),
  }
}

/** One question of one string field, the answer as raw text: enough to look for names in it. */
function askReflection(port: number, version: string, field: number, value: string): Promise<string> {
  const client = new GrpcClient(`127.0.0.1:${port}`, credentials.createInsecure())
  const asBytes = (bytes: Buffer) => bytes
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`
  const call = client.makeBidiStreamRequest(path, asBytes, asBytes)
  return new Promise<string>((resolve, reject) => {
    call.on('data', (answer: Buffer) => resolve(answer.toString('latin1')))
    call.on('error', reject)
    call.write(Buffer.concat([Buffer.from([(field << 3) | 2, value.length]), Buffer.from(value)]))
    call.end()
  }).finally(() => client.close())
}
