import {
  createAnswerCheck,
  type Answer,
  type AnswerCheck,
  type OpenApi,
} from '#services/gateway/testing/contract/answers.ts'

/** The contracts of the gateways that tests talk to, each as the gateway itself serves it. */
export interface GatewayContracts {
  /** What is undocumented about an answer from there, or nothing; nothing also when no gateway is there. */
  problemOf(origin: string, answer: Answer): Promise<string | undefined>
}

const timeoutMs = 5000

export function createGatewayContracts(fetchFrom: typeof fetch): GatewayContracts {
  const checks = new Map<string, AnswerCheck | 'no gateway'>()

  async function find(origin: string): Promise<AnswerCheck | 'no gateway'> {
    const response = await fetchFrom(`${origin}/openapi.json`, { signal: AbortSignal.timeout(timeoutMs) })
    if (response.status === 404) return 'no gateway'
    return createAnswerCheck((await response.json()) as OpenApi)
  }

  return {
    async problemOf(origin, answer) {
      // A gateway that was killed meanwhile is asked again next time.
      const check = checks.get(origin) ?? (await find(origin).catch(() => undefined))
      if (check === undefined) return undefined
      checks.set(origin, check)
      return check === 'no gateway' ? undefined : check(answer)
    },
  }
}
