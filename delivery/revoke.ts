import { createOutbox, type RevocationOut } from './outbox.ts'
import type { Place } from './routes.ts'
import type { Transport } from './transport.ts'

/**
 * Tells these gateways that sessions have ended. Resolves when it is safe with the transport.
 * @throws AppError UNAVAILABLE
 */
export async function revoke(transport: Transport, places: readonly Place[], revocation: RevocationOut): Promise<void> {
  const outbox = createOutbox()
  for (const place of places) outbox.revocation(place, revocation)
  const records = outbox.records()
  if (records.length > 0) await transport.send(records)
}
