import helmet from '@fastify/helmet'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { describeSocket } from '../documents/asyncapi.ts'
import { readProtocolPage } from '../documents/protocol-page.ts'

/**
 * GET /openapi.json, generated from the routes, GET /asyncapi.json, generated from the frames, and /docs, the page that shows
 * the one and links to the other. The page asks no other host for anything.
 */
export const docsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/openapi.json', hidden, async () => app.swagger())
  const socket = lazily(async () => describeSocket(readProtocolPage()))
  app.get('/asyncapi.json', hidden, () => socket.start())

  await app.register(async (pages) => {
    await pages.register(helmet, {
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: ["'self'"],
          // Scalar writes its styles into the page.
          styleSrc: ["'unsafe-inline'"],
          imgSrc: ["'self'", 'data:'],
          fontSrc: ['data:'],
          connectSrc: ["'self'"],
          frameAncestors: ["'none'"],
        },
      },
    })
    pages.get('/docs', hidden, async (_request, reply) => reply.type('text/html; charset=utf-8').send(page))
    pages.get('/docs/start.js', hidden, async (_request, reply) => reply.type(javascript).send(start))
  })

  const scalar = lazily(startScalar)
  app.addHook('onClose', async () => (await scalar.started())?.close())
  app.get('/docs/js/scalar.js', hidden, async (request, reply) => {
    const { routing } = await scalar.start()
    reply.hijack()
    routing(request.raw, reply.raw)
  })
}

const hidden = { schema: { hide: true, response: { 200: Type.Unknown() } } }
const javascript = 'text/javascript; charset=utf-8'

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>GoChat REST API</title>
    <link rel="icon" href="data:," />
  </head>
  <body>
    <div id="app"></div>
    <script src="/docs/js/scalar.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`

const start = `Scalar.createApiReference('#app', ${JSON.stringify({
  url: '/openapi.json',
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
})})\n`

/**
 * Scalar's plugin, on an app of its own that is made when somebody first asks for its script: it holds the script in memory,
 * 26 MB and 120 ms (measured) that a gateway without readers does not pay.
 */
async function startScalar(): Promise<FastifyInstance> {
  const { default: scalar } = await import('@scalar/fastify-api-reference')
  const app = Fastify()
  await app.register(scalar, { routePrefix: '/docs', configuration: { url: '/openapi.json' } })
  await app.ready()
  return app
}

function lazily<T>(make: () => Promise<T>) {
  let made: Promise<T> | undefined
  return { start: () => (made ??= make()), started: () => made }
}
