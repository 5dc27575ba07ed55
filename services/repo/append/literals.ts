import { isUtf8 } from 'node:buffer'

/**
 * The append path writes its SQL as text (prepared statements were measured: no gain), so every value passes through here.
 * Right only under the session settings of infra/mysql: utf8mb4, and a sql_mode without NO_BACKSLASH_ESCAPES.
 */
export function quote(text: string): string {
  let escaped = text
  if (escaped.includes('\\')) escaped = escaped.replaceAll('\\', '\\\\')
  if (escaped.includes("'")) escaped = escaped.replaceAll("'", "''")
  if (escaped.includes('\0')) escaped = escaped.replaceAll('\0', '\\0')
  return `'${escaped}'`
}

/** As text where that keeps the bytes: half the length of hexadecimal. */
export function quoteBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return isUtf8(buffer) ? quote(buffer.toString('utf8')) : `X'${buffer.toString('hex')}'`
}

export function hex(bytes: Uint8Array): string {
  return `X'${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}'`
}

/** DATETIME(3) in UTC. */
export function dateTime(ms: number): string {
  return `'${new Date(ms).toISOString().replace('T', ' ').slice(0, 23)}'`
}

/**
 * Rows as a table to join with: one literal, whose parsing costs the same per row however many there are (CASE and OR grow
 * with the square, or confuse the optimiser), and whose order is the order of locking. `rows` are JSON arrays.
 */
export function rowsTable(rows: readonly string[], columns: string): string {
  return `JSON_TABLE(${quote(`[${rows.join()}]`)}, '$[*]' COLUMNS (${columns})) r`
}

/** Ids go into the text unquoted: nothing else may pass. */
export function isId(text: string): boolean {
  return idPattern.test(text)
}

const idPattern = /^[1-9][0-9]{0,19}$/

/** By number: ids are decimals without leading zeros. */
export function compareIds(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : a > b ? 1 : 0
}
