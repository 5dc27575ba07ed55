/**
 * Frames: what goes over the WebSocket, JSON text, one object a frame, told apart by `t`.
 * The schemas are the contract: the gateway validates with them, the SDK takes its types from them, docs/protocol.md shows them.
 * Client frames refuse unknown fields; server frames may gain fields, so clients ignore what they do not know.
 * Does not: hold rules about order, repair or who may do what; docs/protocol.md does.
 * Use: `import type { ServerFrame } from '../../proto/frames/index.ts'`.
 */
export * from './changes.ts'
export * from './client.ts'
export * from './common.ts'
export * from './content.ts'
export * from './limits.ts'
export * from './server.ts'
