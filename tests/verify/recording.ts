import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** What a replay wrote down, as the checker reads it. */
export interface Run {
  readonly order: 'log' | 'author'
  readonly lines: number
  readonly conversationId: string
  readonly members: readonly Member[]
}

export interface Member {
  readonly nick: string
  readonly userId: string
  readonly part: 'full' | 'joiner' | 'leaver' | 'late'
  readonly devices: readonly string[]
}

export interface Applied {
  readonly via: 'push' | 'repair' | 'ack'
  readonly conversationId: string
  readonly seq: number
  readonly type: string
  readonly senderId: string
  readonly clientMessageId?: string
  readonly body: unknown
}

export interface Send {
  readonly nick: string
  readonly line: number
  readonly clientMessageId: string
  readonly type: string
  readonly text: string
}

export interface Ack {
  readonly clientMessageId: string
  readonly seq?: number
  readonly error?: string
}

export function readRun(folder: string): Run {
  return JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as Run
}

export async function readLines<T>(folder: string, name: string): Promise<T[]> {
  const lines: T[] = []
  for await (const line of linesOf(folder, name)) lines.push(JSON.parse(line) as T)
  return lines
}

/** One by one: the raw frames of a device are many. */
export function linesOf(folder: string, name: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(join(folder, name)), crlfDelay: Infinity })
}
