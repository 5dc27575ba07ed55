/**
 * RPC: gRPC between our processes, messages and services from `proto/gen`, without a callback or a grpc-js type in sight.
 * Promises: every call has a deadline; an AppError crosses the wire as the same AppError; a handler that throws never ends the process.
 * Promises: clients follow their HostList without dialling anew, spread calls round robin and repeat what was UNAVAILABLE.
 * Does not: repeat after a timeout (the outcome is unknown), or know domain rules. Client and server streaming are left out: duplex serves.
 * Use: `startRpcServer({ services: [service(UserRepo, handlers)], … })`, `createRpcClient(UserRepo, { hosts, … }).getUsers({ … })`.
 */
export { createRpcClient, type RpcClientOptions } from './client.ts'
export { connectInMemory } from './in-memory.ts'
export { startRpcServer, type RpcServer, type RpcServerOptions } from './server.ts'
export { service, type ServiceBinding } from './service.ts'
export type { CallContext, CallOptions, Client, Duplex, Handlers, StreamOptions } from './types.ts'
