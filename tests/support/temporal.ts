import { Client, Connection } from '@temporalio/client'
import { stackEnv } from '#infra/testing/index.ts'

/** A client of the running stack's Temporal; closes its connection when disposed of. */
export async function connectTemporal(): Promise<{ readonly client: Client } & AsyncDisposable> {
  const { temporalAddress: address, temporalNamespace: namespace } = stackEnv()
  const connection = await Connection.connect({ address })
  const client = new Client({ connection, namespace })
  return { client, [Symbol.asyncDispose]: () => connection.close() }
}
