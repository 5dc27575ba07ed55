import { clientFrameProblem, serverFrameProblem } from '#services/gateway/testing/contract/frames.ts'
import { createGatewayContracts } from './gateways.ts'

/**
 * Loaded before every test file that runs on servers: what fetch and WebSocket bring from a gateway is held against its
 * contract, whoever asked: the SDK, a helper or a test. What is wrong fails the test that is running.
 */
const original = globalThis.fetch
const contracts = createGatewayContracts(original)

globalThis.fetch = async (input, init) => {
  const response = await original(input, init)
  const text = await response
    .clone()
    .text()
    .catch(() => undefined)
  // Cut off in the middle: whoever reads it is told.
  if (text === undefined) return response
  const { origin, pathname: path } = new URL(input instanceof Request ? input.url : input)
  const method = init?.method ?? (input instanceof Request ? input.method : 'GET')
  const { status } = response
  const contentType = response.headers.get('content-type') ?? undefined
  report(await contracts.problemOf(origin, { method, path, status, contentType, text }), `${method} ${path} ${status}`)
  return response
}

globalThis.WebSocket = class extends WebSocket {
  readonly #isFromSdk: boolean

  constructor(...[url, protocols]: ConstructorParameters<typeof WebSocket>) {
    super(url, protocols)
    // Tests that send nonsense on purpose name no protocol.
    this.#isFromSdk = protocols === 'gochat.v1'
    if (!new URL(url).pathname.endsWith('/ws')) return
    this.addEventListener('message', ({ data }) => report(serverFrameProblem(String(data)), String(data)))
  }

  override send(data: Parameters<WebSocket['send']>[0]): void {
    if (this.#isFromSdk && typeof data === 'string') report(clientFrameProblem(data), data)
    super.send(data)
  }
}

/** Thrown where nobody can catch it: a client that tries again would swallow it. */
function report(problem: string | undefined, what: string): void {
  if (problem === undefined) return
  queueMicrotask(() => {
    throw new Error(`This breaks the contract: ${what.slice(0, 1000)}\n${problem}`)
  })
}
