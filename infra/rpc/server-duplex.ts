import type { DescMethod } from '@bufbuild/protobuf'
import type { handleBidiStreamingCall } from '@grpc/grpc-js'

import { AppError, toAppError } from '#infra/errors/index.ts'

import { createContext, metadataReader } from './context.ts'
import { wrapStream } from './duplex.ts'
import { logFailure, type ServerCallDeps } from './server-unary.ts'
import type { AnyDuplexHandler } from './service.ts'
import { toStatus } from './status.ts'

export function duplexHandler(
  method: DescMethod,
  handler: AnyDuplexHandler,
  { log, metrics, draining }: Pick<ServerCallDeps, 'log' | 'metrics' | 'draining'>,
): handleBidiStreamingCall<object, object> {
  return (call) => {
    const { context, abort } = createContext(undefined, draining, metadataReader(call.metadata))
    const onThrown = (error: AppError) => logFailure(log, method, error)
    // grpc-js turns an 'error' on the call into its status.
    const breakOff = (error: AppError) => void call.emit('error', toStatus(error))
    const { stream, ended, closed } = wrapStream(call, { breakOff, onThrown })
    const gone = () => {
      // grpc-js calls it cancelled also when all was said.
      if (call.writableEnded) return ended()
      const error = new AppError('UNAVAILABLE', { message: 'The caller is gone.' })
      abort(error)
      closed(error)
    }
    metrics.streamOpened(method, 1)
    call.once('close', () => metrics.streamOpened(method, -1))
    call.once('cancelled', gone)
    // A reset stream looks ended first, and is called cancelled in the same turn.
    call.on('end', () => setImmediate(ended))

    try {
      handler(stream, context)
    } catch (thrown) {
      const error = toAppError(thrown)
      onThrown(error)
      stream.fail(error)
    }
  }
}
