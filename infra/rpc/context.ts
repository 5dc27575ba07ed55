import type { Metadata } from '@grpc/grpc-js'

import type { CallContext } from './types.ts'

export interface OwnedContext {
  readonly context: CallContext
  abort(reason: Error): void
}

/** The signal is made when it is first asked for: most handlers never do. */
export function createContext(
  deadline: Date | undefined,
  draining: AbortSignal,
  metadata: CallContext['metadata'],
): OwnedContext {
  let controller: AbortController | undefined
  let reason: Error | undefined
  return {
    context: {
      deadline,
      draining,
      metadata,
      get signal() {
        if (controller === undefined) {
          controller = new AbortController()
          if (reason !== undefined) controller.abort(reason)
        }
        return controller.signal
      },
    },
    abort(why) {
      reason ??= why
      controller?.abort(reason)
    },
  }
}

export function metadataReader(metadata: Metadata): CallContext['metadata'] {
  return {
    get(name) {
      const [value] = metadata.get(name)
      return typeof value === 'string' ? value : undefined
    },
  }
}
