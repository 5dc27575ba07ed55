/**
 * Logger: JSON lines on stdout, one pino logger per process.
 * Promises: values under the names of `redacted-names.ts` never leave, at any depth, in child bindings and errors too.
 * Promises: a line says when (ISO time), who (name, instance, pid) and, while a trace is active, which trace.
 * Does not: look inside message strings. A message is a constant; what varies goes into the object before it.
 * Use: `createLogger({ name: 'gateway', instance: 'gateway-1', level: 'info' }).info({ connections: 3 }, 'started')`.
 */
export { createLogger, type Logger, type LoggerOptions, type LogLevel, logLevels } from './logger.ts'
export { createLogThrottle } from './throttle.ts'
