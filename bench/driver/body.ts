/**
 * The text of a message, the same for every system: when it was due (microseconds of this process's clock), its number among its
 * writer's, the writer's number in its room, and filler. Digits of a fixed width, so that a sender overwrites them in a copy and a
 * receiver reads them where they are.
 */
export const bodyBytes = 200
const micros = { at: 0, width: 14 }
const number = { at: 15, width: 9 }
const writer = { at: 25, width: 4 }
const filler =
  ' the rest of a message of ordinary length, as people write them in a chat about something that matters to them.'

export function bodyText(): string {
  const head = `${'0'.repeat(micros.width)} ${'0'.repeat(number.width)} ${'0'.repeat(writer.width)}`
  return (head + filler.repeat(2)).slice(0, bodyBytes)
}

export function writeBody(data: Buffer, at: number, atMs: number, messageNumber: number, writerNumber: number): void {
  writeDigits(data, at + micros.at, micros.width, Math.round(atMs * 1000))
  writeDigits(data, at + number.at, number.width, messageNumber)
  writeDigits(data, at + writer.at, writer.width, writerNumber)
}

/** When it was due. */
export function bodyTimeMs(data: Buffer, at: number): number {
  return readDigits(data, at + micros.at, micros.width) / 1000
}

export function bodyNumber(data: Buffer, at: number): number {
  return readDigits(data, at + number.at, number.width)
}

export function bodyWriter(data: Buffer, at: number): number {
  return readDigits(data, at + writer.at, writer.width)
}

export function writeDigits(data: Buffer, at: number, width: number, value: number): void {
  for (let i = at + width - 1, rest = value; i >= at; i -= 1, rest = Math.floor(rest / 10)) data[i] = 48 + (rest % 10)
}

/** Digits from here on, at most so many. */
export function readDigits(data: Buffer, at: number, maxWidth = 16): number {
  let value = 0
  for (let i = at; i < at + maxWidth; i += 1) {
    const digit = data[i]! - 48
    if (!(digit >= 0 && digit <= 9)) break
    value = value * 10 + digit
  }
  return value
}
