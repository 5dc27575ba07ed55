import assert from 'node:assert/strict'
import { Agent, request, type IncomingHttpHeaders } from 'node:http'
import { createGatewayContracts } from '../contract/gateways.ts'

export interface Ask {
  readonly method: string
  /** With its query; sent as it is. */
  readonly path: string
  readonly token?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON; text and bytes as they are, and also called JSON unless `headers` says otherwise. */
  readonly body?: unknown
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: unknown
}

/** REST as it is on the wire: nothing is tidied up, unlike with fetch. What breaks the contract fails. */
export interface Rest {
  ask(ask: Ask): Promise<Answer>
  /** What was answered with 5xx so far; there should be nothing. */
  readonly serverErrors: readonly string[]
}

const timeoutMs = 15_000

export function createRest(baseUrl: string): Rest {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  const contracts = createGatewayContracts(fetch)
  const serverErrors: string[] = []

  async function ask({ method, path, token, headers = {}, body }: Ask): Promise<Answer> {
    const payload = bytesOf(body)
    const {
      status,
      headers: answered,
      text,
    } = await exchange(baseUrl, path, payload, {
      method,
      agent,
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length }),
        ...headers,
      },
    })
    const contentType = answered['content-type']
    const problem = await contracts.problemOf(baseUrl, { method, path, status, contentType, text })
    assert.equal(problem, undefined, `${method} ${path}: ${status}`)
    if (status >= 500) serverErrors.push(`${method} ${path}: ${status} ${text}`)
    return { status, headers: answered, body: parse(text) }
  }
  return { ask, serverErrors }
}

function exchange(
  baseUrl: string,
  path: string,
  payload: Buffer | undefined,
  options: Parameters<typeof request>[1] & object,
): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(baseUrl)
    // The path goes past URL, which would tidy it up.
    const sent = request({ ...options, host: hostname, port, path }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(parts).toString()
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
      })
    })
    // A server that refuses a large body may close before all of it has left: its answer counts.
    sent.on('error', (error) => setImmediate(reject, error))
    sent.end(payload)
  })
}

function bytesOf(body: unknown): Buffer | undefined {
  if (body === undefined || Buffer.isBuffer(body)) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
