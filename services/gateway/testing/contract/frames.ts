import { clientFrames, serverFrames } from '#proto/frames/index.ts'
import { createValidators, pointerTo } from './validators.ts'

const validators = createValidators({ clientFrames, serverFrames })

/** What is wrong with a frame that a server sent, or nothing. */
export function serverFrameProblem(text: string): string | undefined {
  return problemOf('serverFrames', serverFrames, text)
}

/** What is wrong with a frame that a client sent, or nothing. */
export function clientFrameProblem(text: string): string | undefined {
  return problemOf('clientFrames', clientFrames, text)
}

function problemOf(side: string, frames: object, text: string): string | undefined {
  const frame = JSON.parse(text) as { t: string }
  if (!Object.hasOwn(frames, frame.t)) return `there is no frame ${frame.t}`
  return validators.problemOf(pointerTo(side, frame.t), frame)
}
