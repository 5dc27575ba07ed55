import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { credentials, Client } from '@grpc/grpc-js'
import { cacheDir, findProgram, isExecutable, requireProgram } from '../find.ts'
import { serverPort } from '../profile.ts'
import { run } from '../run.ts'
import type { ServerDefinition } from '../server.ts'

const VERSION = 'v1.5.1'
const CACHE = cacheDir(`temporal-${VERSION.slice(1)}`)
export const TEMPORAL_NAMESPACE = 'gochat'

const DYNAMIC_CONFIG = {
  'matching.useNewMatcher': true,
  'matching.enableFairness': true,
  'system.enableActivityEagerExecution': true,
  'frontend.WorkerHeartbeatsEnabled': true,
}

/** Applied only when the namespace is first created; what comes later is added by temporal/provision.ts. */
const SEARCH_ATTRIBUTES = {
  ImTaskKind: 'Keyword',
  ImState: 'Keyword',
  ImConversationId: 'Keyword',
  ImMessageId: 'Keyword',
  ImUserId: 'Keyword',
  ImErrorType: 'Keyword',
  ImProvider: 'Keyword',
  ImLag: 'Int',
  ImAttempts: 'Int',
  ImParkedAt: 'Datetime',
}

const SQLITE_PRAGMAS = { journal_mode: 'WAL', synchronous: 'NORMAL' }

/** The development server of the Temporal CLI: server, Web UI and an SQLite file in one process. */
export const temporal: ServerDefinition = {
  name: 'temporal',
  title: 'Temporal',
  variable: 'GOCHAT_TEMPORAL_ADDRESS',
  address: ({ profile }) => `127.0.0.1:${serverPort(profile, 'temporal')}`,
  ports: (profile) => ({
    grpc: serverPort(profile, 'temporal'),
    ui: serverPort(profile, 'temporalUi'),
    metrics: serverPort(profile, 'temporalMetrics'),
    http: serverPort(profile, 'temporalHttp'),
  }),

  async find() {
    const cached = join(CACHE, 'temporal')
    const server = (await findProgram('temporal')) ?? ((await isExecutable(cached)) ? cached : undefined)
    return server ? { server } : undefined
  },

  async install(report) {
    const go = await requireProgram('go', 'The Temporal CLI is built with Go 1.24 or newer.')
    report(`building the CLI ${VERSION} with Go, some minutes the first time`)
    const work = `${CACHE}.new`
    await mkdir(work, { recursive: true })
    await run(go, ['install', `github.com/temporalio/cli/cmd/temporal@${VERSION}`], {
      env: { GOBIN: work },
      timeoutMs: 20 * 60_000,
      hint: 'Is the Go module proxy reachable (go env GOPROXY)? Is there 2 GB of free disk?',
    })
    await mkdir(CACHE, { recursive: true })
    await rename(join(work, 'temporal'), join(CACHE, 'temporal'))
  },

  async prepare({ profile, dir }, found) {
    const flags: [string, string | number][] = [
      ['ip', '127.0.0.1'],
      ['log-level', 'warn'],
      ['db-filename', join(dir, 'temporal.db')],
      ['namespace', TEMPORAL_NAMESPACE],
      ['port', serverPort(profile, 'temporal')],
      ['ui-port', serverPort(profile, 'temporalUi')],
      ['http-port', serverPort(profile, 'temporalHttp')],
      ['metrics-port', serverPort(profile, 'temporalMetrics')],
      ...pairs('sqlite-pragma', SQLITE_PRAGMAS),
      ...pairs('dynamic-config-value', DYNAMIC_CONFIG),
      ...pairs('search-attribute', SEARCH_ATTRIBUTES),
    ]
    const args = ['server', 'start-dev', ...flags.flatMap(([flag, value]) => [`--${flag}`, `${value}`])]
    return { command: found['server']!, args, stopSignal: 'SIGTERM', stopTimeoutMs: 15_000 }
  },

  /** DescribeNamespace answers only when the frontend serves and the namespace exists. */
  async probe(address, timeoutMs) {
    const client = new Client(address, credentials.createInsecure())
    try {
      await describeNamespace(client, process.env['GOCHAT_TEMPORAL_NAMESPACE'] ?? TEMPORAL_NAMESPACE, timeoutMs)
    } finally {
      client.close()
    }
  },
}

function pairs(flag: string, values: object): [string, string][] {
  return Object.entries(values).map(([name, value]) => [flag, `${name}=${value}`])
}

/** Written by hand (field 1, the name), because the generated client would cost the supervisor 60 MB for this one call. */
function describeNamespace(client: Client, namespace: string, timeoutMs: number): Promise<void> {
  const name = Buffer.from(namespace)
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      '/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace',
      (request: Buffer) => request,
      (response: Buffer) => response,
      Buffer.concat([Buffer.from([0x0a, name.length]), name]),
      { deadline: Date.now() + timeoutMs },
      (error) => (error ? reject(error) : resolve()),
    )
  })
}
