import type { DescMessage, DescService } from '@bufbuild/protobuf'

import type { CallContext, Duplex, Handlers } from './types.ts'

/** A service with its handlers, their types checked and then forgotten, so that a server can hold several. */
export interface ServiceBinding {
  readonly descriptor: DescService
  readonly handlers: Readonly<Record<string, AnyHandler>>
}

export type AnyUnaryHandler = (request: unknown, context: CallContext) => Promise<object>
export type AnyDuplexHandler = (stream: AnyDuplex, context: CallContext) => void
export type AnyHandler = AnyUnaryHandler | AnyDuplexHandler
export type AnyDuplex = Duplex<DescMessage, DescMessage>

/** Binds handlers to a service from `proto/gen`: `service(UserRepo, { async getUsers(request) { … } })`. */
export function service<S extends DescService>(descriptor: S, handlers: Handlers<S>): ServiceBinding {
  return { descriptor, handlers: handlers as unknown as Readonly<Record<string, AnyHandler>> }
}
