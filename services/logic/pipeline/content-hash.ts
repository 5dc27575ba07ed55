import { hash } from 'node:crypto'
import type { Command } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'

const hashBytes = 16
let scratch = Buffer.allocUnsafe(4096)

/** The first 16 bytes of SHA-256 over kind, type and body: the same id with another hash is a conflict. */
export function contentHash(command: Command): Uint8Array {
  const { body } = command
  switch (body.case) {
    case 'send':
      return digest(`send\0${body.value.type}\0`, body.value.body)
    default:
      return digest(`${body.case}\0\0${wishOf(body)}`, none)
  }
}

/** What a command asks for, as text; lists of users in one order. */
function wishOf(body: Command['body']): string {
  switch (body.case) {
    case 'add':
    case 'remove':
      return [...new Set(body.value.userIds)].sort().join()
    case 'rename':
      return body.value.name
    case 'setAnnouncement':
      return body.value.text
    case 'setJoinMode':
      return String(body.value.joinMode)
    case 'muteAll':
      return String(body.value.isMuted)
    case 'setRole':
      return `${body.value.userId},${body.value.role}`
    case 'mute':
      return `${body.value.userId},${body.value.untilMs}`
    case 'transfer':
    case 'approve':
    case 'reject':
      return body.value.userId
    default:
      return ''
  }
}

const none = new Uint8Array()

/**
 * One call on one buffer that is used again: half the time of a Hash object and three updates. Node gives the digest out as text
 * in a third of the time that a Buffer of its own takes, and without one more thing for the garbage collector.
 */
function digest(head: string, body: Uint8Array): Uint8Array {
  const room = head.length * 3 + body.length
  if (scratch.length < room) scratch = Buffer.allocUnsafe(room * 2)
  const headBytes = scratch.write(head, 0, 'utf8')
  scratch.set(body, headBytes)
  const digits = hash('sha256', scratch.subarray(0, headBytes + body.length), 'hex')
  return Buffer.from(digits.slice(0, 2 * hashBytes), 'hex')
}
