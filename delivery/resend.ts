import type { AudienceOut } from './emit.ts'
import { createOutbox } from './outbox.ts'
import type { Place } from './routes.ts'
import type { Transport } from './transport.ts'

/** An entry of a large conversation, for gateways that have not confirmed it. */
export interface ResentEntry {
  /** A frame as clients get it. */
  readonly payload: Uint8Array
  readonly audience: AudienceOut
}

/**
 * Sends entries again to these gateways only, in order. Resolves when they are safe with the transport.
 * @throws AppError UNAVAILABLE
 */
export async function resend(
  transport: Transport,
  places: readonly Place[],
  entries: readonly ResentEntry[],
): Promise<void> {
  const outbox = createOutbox()
  for (const place of places) {
    for (const { payload, audience } of entries) outbox.audience(place, payload, audience, 0)
  }
  const records = outbox.records()
  if (records.length > 0) await transport.send(records)
}
