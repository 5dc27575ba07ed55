import { trace } from '@opentelemetry/api'
import { pino, symbols, type DestinationStream, type Logger } from 'pino'
import { prettyDestination } from './pretty.ts'
import { redact } from './redact.ts'

export type { Logger } from 'pino'

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export interface LoggerOptions {
  /** The service, such as `gateway`. */
  readonly name: string
  /** The process, such as `gateway-1`. */
  readonly instance: string
  readonly level: LogLevel
  /** One readable line per entry instead of JSON, for a person at a terminal. Default false. */
  readonly pretty?: boolean
  /** Default: stdout, written synchronously, so that the last line before a crash is not lost. */
  readonly destination?: DestinationStream
}

/** The process's one logger; parts of it take `log.child({ part: 'hub' })`. */
export function createLogger(options: LoggerOptions): Logger {
  const destination = options.destination ?? pino.destination({ dest: 1, sync: true })
  const log = pino(
    {
      name: options.name,
      level: options.level,
      base: { instance: options.instance, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: redactError },
      mixin: activeTrace,
      hooks: {
        logMethod(args, method) {
          const serializers = (this as unknown as Record<symbol, Record<string, unknown>>)[symbols.serializersSym]
          const redacted = args.map((arg) => (arg instanceof Error ? arg : redact(arg, serializers)))
          Reflect.apply(method, this, redacted)
        },
      },
    },
    options.pretty === true ? prettyDestination(destination) : destination,
  )
  return withRedactedChildren(log)
}

/** Children inherit from the root by prototype, so one override serves all generations. */
function withRedactedChildren(log: Logger): Logger {
  const child = log.child
  log.child = function (this: Logger, bindings: object, options?: object) {
    return Reflect.apply(child, this, [redact(bindings), options])
  } as Logger['child']
  return log
}

function redactError(error: unknown): unknown {
  return redact(error)
}

function activeTrace(): object {
  const context = trace.getActiveSpan()?.spanContext()
  return context === undefined ? {} : { traceId: context.traceId, spanId: context.spanId }
}
