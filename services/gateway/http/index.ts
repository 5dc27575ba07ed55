/**
 * REST: one file per resource under routes/, one schema per shape under schemas/, which is validation, serialisation,
 * OpenAPI and static type at once.
 * Promises: nothing reaches a service that the schema refuses; every refusal has the one JSON shape and a name of the error
 * table; a route without a bearer token is public because its subtree says so.
 * Does not: hold rules. What changes a conversation goes down the message path as a command, like a WebSocket frame.
 * Use: `const app = createHttpApp({ log }); await registerHttp(app, deps); await app.listen({ port })`.
 */
export { createHttpApp } from './app.ts'
export { registerHttp } from './register.ts'
