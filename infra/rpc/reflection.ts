import { fileURLToPath } from 'node:url'
import { fromBinary, toBinary, type DescFile } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import type { Server } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { ReflectionService } from '@grpc/reflection'
import { service as healthService } from 'grpc-health-check'

import type { ServiceBinding } from './service.ts'

/** Lets `grpcurl` and the like list and call what this server serves (reflection v1 and v1alpha). */
export function addReflection(server: Server, services: readonly ServiceBinding[]): void {
  const files = new Map<string, Buffer>()
  for (const { descriptor } of services) collect(descriptor.file, files)
  const fileDescriptorProtos = [...files.values(), ...healthFiles(), ...ownFiles()]
  const names = services.map(({ descriptor }) => descriptor.typeName)
  // Of a loaded package it reads nothing but the files.
  const loaded = { all: { fileDescriptorProtos } } as unknown as ConstructorParameters<typeof ReflectionService>[0]
  new ReflectionService(loaded, { services: [...names, 'grpc.health.v1.Health', ...ownNames] }).addToServer(server)
}

const ownNames = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection']

/** The files of reflection itself: the library serves it, but lists only what it is given. */
function ownFiles(): Buffer[] {
  const folder = fileURLToPath(new URL('../proto', import.meta.resolve('@grpc/reflection')))
  return ['v1', 'v1alpha'].flatMap((version) => {
    const loaded = loadSync(`grpc/reflection/${version}/reflection.proto`, { includeDirs: [folder] })
    const types = Object.values(loaded) as unknown as readonly Partial<LoadedType>[]
    return types.find(({ fileDescriptorProtos }) => fileDescriptorProtos !== undefined)?.fileDescriptorProtos ?? []
  })
}

interface LoadedType {
  readonly fileDescriptorProtos: readonly Buffer[]
}

function collect(file: DescFile, into: Map<string, Buffer>): void {
  if (into.has(file.name)) return
  into.set(file.name, Buffer.from(toBinary(FileDescriptorProtoSchema, file.proto)))
  for (const dependency of file.dependencies) collect(dependency, into)
}

/** The health service's own files. protobufjs calls a map's entry `Statuses` where Go's clients insist on `StatusesEntry`. */
function healthFiles(): Buffer[] {
  const loaded = healthService as unknown as Readonly<Record<'Check', { readonly requestType: LoadedType }>>
  return loaded.Check.requestType.fileDescriptorProtos.map((bytes) => {
    const file = fromBinary(FileDescriptorProtoSchema, bytes)
    for (const message of file.messageType) {
      for (const entry of message.nestedType.filter(({ options }) => options?.mapEntry === true)) {
        const field = message.field.find(({ typeName }) => typeName === entry.name)
        entry.name += 'Entry'
        if (field !== undefined) field.typeName = entry.name
      }
    }
    return Buffer.from(toBinary(FileDescriptorProtoSchema, file))
  })
}
