import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { AppError } from '#infra/errors/index.ts'
import { strict } from './schemas/common.ts'

const nothing = Type.Object({}, strict)

/** From here down, a route takes what its schema describes and nothing else: where that names no query or no body, there is none. */
export function takeOnlyWhatIsDescribed(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    if (route.schema === undefined || 'hide' in route.schema) return
    route.schema = { querystring: nothing, ...route.schema }
    if (route.schema.body === undefined) route.preValidation = refuseBody
  })
}

/** An empty object is what many clients send where they have nothing to say. */
async function refuseBody({ body, headers }: FastifyRequest): Promise<void> {
  const isEmpty = body === undefined ? !announcesBody(headers) : isEmptyObject(body)
  if (!isEmpty) throw new AppError('INVALID_ARGUMENT', { details: { in: 'body', fields: { '': 'must be absent' } } })
}

/** Fastify does not read the body of a GET. */
function announcesBody(headers: FastifyRequest['headers']): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
}
