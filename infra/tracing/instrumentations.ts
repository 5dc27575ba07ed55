import { createRequire } from 'node:module'
import { GrpcInstrumentation } from '@opentelemetry/instrumentation-grpc'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'

const untracedPaths: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics'])

export const instrumentations = [
  new HttpInstrumentation({ ignoreIncomingRequestHook: ({ url }) => untracedPaths.has(url ?? '') }),
  new GrpcInstrumentation({ ignoreGrpcMethods: ['Check', 'Watch', 'ServerReflectionInfo'] }),
]

// They patch what passes through `require`, which `import` does not, and grpc-js must be patched before its first import
// (the SDK itself imports it). Doing so here saves a loader hook around every module.
createRequire(import.meta.url)('@grpc/grpc-js')
