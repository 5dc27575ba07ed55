/** The hop from logic to gateways, and nothing of Kafka but what a record needs: another transport can take its place. */
export interface Transport {
  /** Resolves when all are safe with the transport, in the order given for each topic. @throws AppError UNAVAILABLE */
  send(records: readonly TransportRecord[]): Promise<unknown>
}

export interface TransportRecord {
  readonly topic: string
  readonly partition: number
  readonly value: Buffer
}

export interface MemoryTransport extends Transport {
  readonly sent: TransportRecord[]
  /** The next sends reject with it; undefined: they work again. */
  failWith(error: Error | undefined): void
}

/** Keeps what was sent, for tests. */
export function memoryTransport(): MemoryTransport {
  const sent: TransportRecord[] = []
  let failure: Error | undefined
  return {
    sent,
    async send(records) {
      if (failure !== undefined) throw failure
      sent.push(...records)
    },
    failWith(error) {
      failure = error
    },
  }
}
