import type { DescMethod } from '@bufbuild/protobuf'
import { status, type Client as GrpcClient, type StatusObject } from '@grpc/grpc-js'

import { AppError } from '#infra/errors/index.ts'
import type { Logger } from '#infra/logger/index.ts'

import { labelOf, type CallMetrics } from './call-metrics.ts'
import { metadataOf } from './client-unary.ts'
import { methodDefinition } from './definition.ts'
import { wrapStream } from './duplex.ts'
import type { AnyDuplex } from './service.ts'
import { fromStatus } from './status.ts'
import type { StreamOptions } from './types.ts'

/** Streams have no deadline; that the peer is alive is known from the channel's keepalive pings. */
export function duplexCaller(method: DescMethod, client: GrpcClient, metrics: CallMetrics, log: Logger) {
  const { path, requestSerialize, responseDeserialize } = methodDefinition(method)

  return ({ signal, metadata }: StreamOptions = {}): AnyDuplex => {
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadataOf(metadata), {})
    const { stream, closed } = wrapStream(call, {
      breakOff: () => call.cancel(),
      onThrown: (error) => log.error({ err: error, method: labelOf(method) }, 'stream listener failed'),
    })
    const cancel = () => stream.fail(new AppError('UNAVAILABLE', { message: 'The caller gave the stream up.' }))

    metrics.streamOpened(method, 1)
    // Said again by 'status', which always comes; unheard it would end the process.
    call.on('error', () => undefined)
    call.once('status', (final: StatusObject) => {
      metrics.streamOpened(method, -1)
      signal?.removeEventListener('abort', cancel)
      closed(final.code === status.OK ? undefined : fromStatus(final))
    })
    if (signal?.aborted === true) cancel()
    else signal?.addEventListener('abort', cancel, { once: true })
    return stream
  }
}
