/**
 * Protobuf: messages of `proto/gen` to bytes and back, for the message path and all RPC.
 * Promises: the bytes and messages of protobuf-es, several times cheaper.
 * Promises: each schema is compiled into code when it is first used, and kept; only schemas reach the compiler, never data.
 * Does not: know types that our schemas have no use for (64-bit integers, groups, maps of messages): those throw when they are compiled.
 * Use: `encode(CommandSchema, { id, … })`, `decode(CommandSchema, bytes)`.
 */
export { decode } from './decode.ts'
export { encode } from './encode.ts'
