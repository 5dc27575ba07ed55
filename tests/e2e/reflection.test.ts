import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { glob } from 'node:fs/promises'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { fromBinary, type DescService } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import {
  credentials,
  loadPackageDefinition,
  type CallOptions,
  type ChannelCredentials,
  type Client,
  type ClientDuplexStream,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { openSystem } from '../support/system.ts'

const system = await openSystem()
const services = await readGeneratedServices()
/** What every gRPC server has besides its own. */
const common = ['grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection']
const alsoOld = 'grpc.reflection.v1alpha.ServerReflection'

/** Who serves which: repositories are repo's, tasks have a process of their own, all others are logic's. */
const servers = {
  logic: services.filter(({ name }) => roleOf(name) === 'logic'),
  repo: services.filter(({ name }) => roleOf(name) === 'repo'),
  tasks: services.filter(({ name }) => roleOf(name) === 'tasks'),
}

function roleOf(service: string): string {
  if (service.endsWith('Repo')) return 'repo'
  return service === 'TaskService' ? 'tasks' : 'logic'
}

test('proto/gochat has services of every kind', () => {
  const names = services.map(({ typeName }) => typeName).join()
  assert.ok(servers.logic.length >= 6 && servers.repo.length >= 7 && servers.tasks.length === 1, names)
})

for (const [role, own] of Object.entries(servers)) {
  test(`every ${role} lists exactly its services of proto/gochat, health and reflection`, async () => {
    const processes = await system.processes(role)
    assert.ok(processes.length > 0)
    for (const { name, ports } of processes) {
      const [answer] = await reflect(ports['rpc']!, [{ listServices: '*' }])
      const listed = answer?.listServicesResponse?.service?.map((service) => service.name).toSorted()
      assert.deepEqual(
        listed?.filter((service) => service !== alsoOld),
        [...own.map(({ typeName }) => typeName), ...common].toSorted(),
        name,
      )
    }
  })

  test(`every service of ${role} can be described to a client that knows nothing: all its methods and their types`, async () => {
    const [first] = await system.processes(role)
    for (const service of own) {
      const [answer] = await reflect(first!.ports['rpc']!, [{ fileContainingSymbol: service.typeName }])
      const files = answer?.fileDescriptorResponse?.fileDescriptorProto?.map((bytes) =>
        fromBinary(FileDescriptorProtoSchema, bytes),
      )
      const described = files?.flatMap((file) => file.service).find(({ name }) => name === service.name)
      assert.deepEqual(
        described?.method.map(({ name }) => name),
        service.methods.map(({ name }) => name),
        service.typeName,
      )
      const types = files?.flatMap((file) => file.messageType.map(({ name }) => `.${file.package}.${name}`))
      for (const { inputType, outputType } of described?.method ?? []) {
        assert.ok(types?.includes(inputType) && types.includes(outputType), `${service.typeName}: ${inputType}`)
      }
    }
  })
}

interface ReflectionRequest {
  readonly listServices?: string
  readonly fileContainingSymbol?: string
}
interface ReflectionResponse {
  readonly listServicesResponse?: { readonly service?: readonly { readonly name: string }[] }
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto?: readonly Uint8Array[] }
}

interface ReflectionClient extends Client {
  serverReflectionInfo(options: CallOptions): ClientDuplexStream<ReflectionRequest, ReflectionResponse>
}
interface ReflectionPackage {
  readonly grpc: {
    readonly reflection: {
      readonly v1: { readonly ServerReflection: new (address: string, secrets: ChannelCredentials) => ReflectionClient }
    }
  }
}

/** Asks as grpcurl does: by the published definition of reflection, over the wire. */
async function reflect(port: number, requests: readonly ReflectionRequest[]): Promise<ReflectionResponse[]> {
  const file = resolve(
    createRequire(import.meta.url).resolve('@grpc/reflection'),
    '../../proto/grpc/reflection/v1/reflection.proto',
  )
  const { grpc } = loadPackageDefinition(loadSync(file)) as unknown as ReflectionPackage
  const client = new grpc.reflection.v1.ServerReflection(`127.0.0.1:${port}`, credentials.createInsecure())
  try {
    const call = client.serverReflectionInfo({ deadline: Date.now() + 5000 })
    const answers: ReflectionResponse[] = []
    const end = new Promise<void>((done, fail) => {
      call.on('data', (answer: ReflectionResponse) => answers.push(answer))
      call.on('error', fail)
      call.on('end', done)
    })
    for (const request of requests) call.write(request)
    call.end()
    await end
    return answers
  } finally {
    client.close()
  }
}

/** The services of proto/gochat, from what was generated of it. */
async function readGeneratedServices(): Promise<DescService[]> {
  const root = resolve(import.meta.dirname, '../../proto/gen')
  const found: DescService[] = []
  for await (const file of glob('gochat/**/*_pb.ts', { cwd: root })) {
    const values = Object.values((await import(resolve(root, file))) as Record<string, unknown>)
    found.push(...values.filter(isService))
  }
  return found
}

function isService(value: unknown): value is DescService {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'service'
}
