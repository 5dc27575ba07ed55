import { createFakeGateway } from '../http/testing/fake-gateway.ts'
import type { OpenApi } from './openapi.ts'
import { describeCollection } from './postman.ts'

/**
 * The files of docs/api and their text, as a gateway serves them; its services are doubles, which documents do not see. They are
 * committed, so that a change of the contract shows in a diff, and is read there before it lands.
 */
export async function documents(): Promise<Record<string, string>> {
  await using gateway = await createFakeGateway()
  const served = async (url: string) => (await gateway.inject({ method: 'GET', url })).json<OpenApi>()
  const openapi = await served('/openapi.json')
  const text = (document: unknown) => `${JSON.stringify(document, undefined, 2)}\n`
  return {
    'docs/api/openapi.json': text(openapi),
    'docs/api/asyncapi.json': text(await served('/asyncapi.json')),
    'docs/api/gochat.postman_collection.json': text(describeCollection(openapi)),
  }
}
