/**
 * Every text in a workflow's history, wherever it stands: fields, and payloads as they read when decoded. Takes a history as
 * clients give it; for a recorded one, `historyFromJSON` first.
 */
export function* textsIn(history: unknown): Generator<string> {
  if (typeof history === 'string') yield history
  else if (history instanceof Uint8Array) yield Buffer.from(history).toString('utf8')
  else if (typeof history === 'object' && history !== null) {
    for (const [name, value] of Object.entries(history)) {
      yield name
      yield* textsIn(value)
    }
  }
}
