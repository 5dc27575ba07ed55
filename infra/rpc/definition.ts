import type { DescMethod, DescService, Message } from '@bufbuild/protobuf'
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'

import { decode, encode } from '#infra/protobuf/index.ts'

/** How grpc-js knows a method: its path, and how messages become bytes. */
export function methodDefinition(method: DescMethod): MethodDefinition<object, object> {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: method.methodKind === 'bidi_streaming' || method.methodKind === 'client_streaming',
    responseStream: method.methodKind === 'bidi_streaming' || method.methodKind === 'server_streaming',
    requestSerialize: (message) => encode(method.input, message as Message),
    requestDeserialize: (bytes) => decode(method.input, bytes),
    responseSerialize: (message) => encode(method.output, message as Message),
    responseDeserialize: (bytes) => decode(method.output, bytes),
  }
}

export function serviceDefinition(descriptor: DescService): ServiceDefinition {
  return Object.fromEntries(descriptor.methods.map((method) => [method.localName, methodDefinition(method)]))
}
