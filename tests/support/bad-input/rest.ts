import { Agent, request } from 'node:http'

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

/** REST as it is on the wire: nothing is tidied up, unlike with fetch. */
export interface Rest {
  ask(ask: Ask): Promise<Answer>
  /** What was answered with 5xx so far; there should be nothing. */
  readonly serverErrors: readonly string[]
}

const timeoutMs = 15_000

export function createRest(baseUrl: string): Rest {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  const serverErrors: string[] = []

  async function ask({ method, path, token, headers = {}, body }: Ask): Promise<Answer> {
    const payload = bytesOf(body)
    const answer = await exchange(baseUrl, path, payload, {
      method,
      agent,
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length }),
        ...headers,
      },
    })
    if (answer.status >= 500) serverErrors.push(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer
  }
  return { ask, serverErrors }
}

function exchange(
  baseUrl: string,
  path: string,
  payload: Buffer | undefined,
  options: Parameters<typeof request>[1] & object,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(baseUrl)
    // The path goes past URL, which would tidy it up.
    const sent = request({ ...options, host: hostname, port, path }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(parts).toString()
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parse(text) })
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
