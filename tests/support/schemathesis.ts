import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensurePythonTools } from '#stack/python-tools.ts'
import { run } from '#stack/run.ts'

export interface FuzzOptions {
  readonly httpUrl: string
  /** The caller's; it is told in a file and never shown. */
  readonly token: string
  readonly seed: number
  /** For ids in paths, so that requests get behind the first check. */
  readonly params: Readonly<Record<string, string>>
  /** Of operations, such as `POST /auth/logout`. Default: all. */
  readonly only?: string
  readonly without?: readonly string[]
}

export interface Verdict {
  /** Such as `GET /users/me`. */
  readonly operation: string
  /** What is wrong, each with a curl line that shows it. */
  readonly problems: readonly string[]
}

const timeoutMs = 170_000
/**
 * All that schemathesis has but positive_data_acceptance, use_after_free, ensure_resource_availability and object_level_authorization.
 * The first calls every 400 to a request that fits its schema a mistake; but no schema can say that an id has 64 bits, that a cursor
 * must be one that was given out, or that nobody talks to oneself. The others follow what one user made through several requests,
 * which the tests of bad input and of security do by name.
 */
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'missing_required_header',
  'unsupported_method',
  'allow_header_conformance',
  'ignored_auth',
]

/** Runs schemathesis against what the gateway says that it serves. */
export async function fuzz(options: FuzzOptions): Promise<Verdict[]> {
  const { httpUrl, token, seed, params, only, without = [] } = options
  const folder = await mkdtemp(join(tmpdir(), 'gochat-schemathesis-'))
  try {
    const config = join(folder, 'schemathesis.toml')
    const report = join(folder, 'report.xml')
    const parameters = Object.entries(params).map(([name, value]) => `"path.${name}" = "${value}"`)
    const lines = [`headers = { Authorization = "Bearer ${token}" }`, '[parameters]', ...parameters, '']
    await writeFile(config, lines.join('\n'), { mode: 0o600 })
    const program = join(await ensurePythonTools(), 'schemathesis')
    const args = ['--config-file', config, 'run', `${httpUrl}/openapi.json`]
    // One worker: in Python 3.11 hypothesis cannot read its own source from two threads.
    const bounds = [
      '--phases',
      'examples,coverage,fuzzing',
      '--max-examples',
      '5',
      '--workers',
      '1',
      '--seed',
      `${seed}`,
    ]
    const chosen = [
      ...(only === undefined ? [] : ['--include-name', only]),
      ...without.flatMap((operation) => ['--exclude-name', operation]),
    ]
    const quiet = ['--no-color', '--generation-database', 'none', '--report', 'junit', '--report-junit-path', report]
    // It fails when it finds something; the report says what.
    const failure = await run(program, [...args, '--checks', checks.join(), ...chosen, ...bounds, ...quiet], {
      cwd: folder,
      timeoutMs,
    }).then(
      () => undefined,
      (error: unknown) => error,
    )
    const xml = await readFile(report, 'utf8').catch(() => undefined)
    const verdicts = readVerdicts(xml ?? '')
    if (verdicts.length === 0) throw new Error('schemathesis told of no operation', { cause: failure })
    return verdicts
  } finally {
    await rm(folder, { recursive: true })
  }
}

function readVerdicts(xml: string): Verdict[] {
  return [...xml.matchAll(/<testcase name="([^"]+)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs)].map(
    ([, name = '', inside = '']) => ({
      operation: textOf(name),
      problems: [...inside.matchAll(/<(?:failure|error)[^>]*>(.*?)<\/(?:failure|error)>/gs)].map(([, text = '']) =>
        textOf(text).replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '[a token]'),
      ),
    }),
  )
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }

function textOf(xml: string): string {
  return xml.replaceAll(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => entities[name]!)
}
