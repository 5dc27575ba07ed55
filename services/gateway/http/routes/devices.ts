import { Type } from 'typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { clientGone } from '../client-gone.ts'
import type { HttpDeps } from '../../ports.ts'
import { identityOf } from '../identity.ts'
import { Empty } from '../schemas/common.ts'
import { answer } from '../schemas/component.ts'
import { failures } from '../schemas/failures.ts'
import { Device, DeviceChange, DeviceParams } from '../schemas/user.ts'
import { deviceView } from '../views.ts'

export function deviceRoutes({ clients }: Pick<HttpDeps, 'clients'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/devices',
      {
        schema: {
          operationId: 'listDevices',
          tags: ['auth'],
          summary: 'Own devices',
          description: 'Where one is logged in, the device seen last first.',
          response: {
            200: answer('The devices.', Type.Object({ devices: Type.Array(Device.ref) })),
            ...failures(['bearer']),
          },
        },
      },
      async (request) => {
        const { userId: actorId, sessionId } = identityOf(request)
        const { devices } = await clients.session.listDevices({ actorId }, { signal: clientGone(request) })
        return { devices: devices.map((device) => deviceView(device, sessionId)) }
      },
    )

    app.patch(
      '/devices/:deviceId',
      {
        schema: {
          operationId: 'nameDevice',
          tags: ['auth'],
          summary: 'Name a device',
          description: 'Call an own device something.',
          params: DeviceParams,
          body: DeviceChange,
          response: { 200: answer('The device.', Device.ref), ...failures(['bearer', 'body'], 'NOT_FOUND') },
        },
      },
      async (request) => {
        const { userId: actorId, sessionId } = identityOf(request)
        const change = { actorId, deviceId: request.params.deviceId, name: request.body.name }
        const { device } = await clients.session.nameDevice(change, { signal: clientGone(request) })
        return deviceView(device, sessionId)
      },
    )

    app.delete(
      '/devices/:deviceId',
      {
        schema: {
          operationId: 'revokeDevice',
          tags: ['auth'],
          summary: 'Log a device out',
          description: 'End the session of an own device. Its sockets close, and its tokens are refused.',
          params: DeviceParams,
          response: { 204: answer('It has ended.', Empty), ...failures(['bearer', 'body'], 'NOT_FOUND') },
        },
      },
      async (request, reply) => {
        const { userId: actorId } = identityOf(request)
        await clients.session.revokeDevice({ actorId, deviceId: request.params.deviceId })
        return reply.code(204).send(null)
      },
    )
  }
}
