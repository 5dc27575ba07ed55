import { AppError, errorBody } from '#infra/errors/index.ts'
import type { Refusal } from '../authorize.ts'
import type { JoinRequestNews } from './item.ts'

export function readFrame(conversationId: string, userId: string, seq: number): Buffer {
  return Buffer.from(`{"t":"read","conversationId":"${conversationId}","userId":"${userId}","seq":${seq}}`)
}

export function typingFrame(conversationId: string, userId: string): Buffer {
  return Buffer.from(`{"t":"typing","conversationId":"${conversationId}","userId":"${userId}"}`)
}

/** Tells users of their own place in a large conversation. */
export function membershipFrame(conversationId: string, end: 'joinSeq' | 'leaveSeq', seq: number): Buffer {
  return Buffer.from(`{"t":"membership","conversationId":"${conversationId}","${end}":${seq}}`)
}

/** Tells admins, and the user itself, that somebody asks to join, or no longer does. */
export function joinRequestFrame(conversationId: string, userId: string, state: JoinRequestNews['state']): Buffer {
  return Buffer.from(`{"t":"joinRequest","conversationId":"${conversationId}","userId":"${userId}","state":"${state}"}`)
}

/** An ack frame without its end: results follow, joined by commas, and then `]}`. */
export function ackHead(request: string, conversationId: string): string {
  return `{"t":"ack","id":${JSON.stringify(request)},"conversationId":${JSON.stringify(conversationId)},"results":[`
}

export function storedResult(id: string, seq: number, createdAtMs: number, isDuplicate: boolean): string {
  const duplicate = isDuplicate ? ',"duplicate":true' : ''
  return `{"clientMessageId":"${id}","seq":${seq},"createdAt":${createdAtMs}${duplicate}}`
}

/** pending: a request to join waits. */
export type CommandOutcome = 'applied' | 'noop' | 'pending'

export function commandResult(id: string, outcome: CommandOutcome, seq?: number): string {
  const at = seq === undefined ? '' : `,"seq":${seq}`
  return `{"commandId":${JSON.stringify(id)},"outcome":"${outcome}"${at}}`
}

export function errorResult(isMessage: boolean, id: string, refusal: Refusal): string {
  return `{"${isMessage ? 'clientMessageId' : 'commandId'}":${JSON.stringify(id)},"error":${errorJson(refusal)}}`
}

const errorTexts = new Map<string, string>()

/** Refusals are a handful of constants, so each is built once. */
function errorJson({ code, message }: Refusal): string {
  const key = `${code} ${message ?? ''}`
  let text = errorTexts.get(key)
  if (text === undefined) {
    text = JSON.stringify(errorBody(new AppError(code, message === undefined ? {} : { message })))
    errorTexts.set(key, text)
  }
  return text
}
