import { createLogger, type Logger } from '../logger/index.ts'

export interface RecordingLogger {
  readonly log: Logger
  /** One object per line logged, oldest first. */
  readonly lines: Record<string, unknown>[]
}

export function silentLogger(): Logger {
  return createLogger({ name: 'test', instance: 'test-1', level: 'silent' })
}

/** The real logger, redaction included, writing to memory. */
export function recordingLogger(): RecordingLogger {
  const lines: Record<string, unknown>[] = []
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) }
  return { log: createLogger({ name: 'test', instance: 'test-1', level: 'trace', destination }), lines }
}
