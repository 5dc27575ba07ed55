import { Client, Connection } from '@temporalio/client'
import { translateError } from './errors.ts'

/** A client of Temporal that closes its connection. */
export interface TemporalClient extends AsyncDisposable {
  readonly client: Client
  /** One call or a few in a row. @throws AppError: what Temporal said, or UNAVAILABLE, or DEADLINE_EXCEEDED. */
  call<T>(work: (client: Client) => Promise<T>, timeoutMs?: number): Promise<T>
}

export interface TemporalClientOptions {
  readonly GOCHAT_TEMPORAL_ADDRESS: string
  readonly GOCHAT_TEMPORAL_NAMESPACE: string
  readonly GOCHAT_INSTANCE: string
}

const defaultTimeoutMs = 5_000

/** Connects with the first call: live chat, and the readiness of who uses it, do not depend on Temporal. */
export function createTemporalClient(options: TemporalClientOptions): TemporalClient {
  const connection = Connection.lazy({
    address: options.GOCHAT_TEMPORAL_ADDRESS,
    // Callers repeat; repetitions down here would turn "is away" into "took too long".
    interceptors: [],
    // Otherwise grpc-js waits up to two minutes before it tries a server that came back.
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 2_000 },
  })
  const client = new Client({
    connection,
    namespace: options.GOCHAT_TEMPORAL_NAMESPACE,
    identity: options.GOCHAT_INSTANCE,
  })
  return {
    client,
    async call(work, timeoutMs = defaultTimeoutMs) {
      try {
        return await client.withDeadline(Date.now() + timeoutMs, () => work(client))
      } catch (error) {
        throw translateError(error)
      }
    },
    [Symbol.asyncDispose]: () => connection.close(),
  }
}
