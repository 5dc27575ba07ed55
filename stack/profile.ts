import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export type ProfileName = 'dev' | 'test'

/** One running copy of the whole system: its data folder and its ports. Profiles run beside each other. */
export interface Profile {
  name: ProfileName
  /** The checkout. */
  root: string
  dataDir: string
  logDir: string
  portBase: number
}

const PORT_BASES: Record<ProfileName, number> = { dev: 21_000, test: 22_000 }
const HIGHEST_OFFSET = 299

/** GOCHAT_PORT_BASE and GOCHAT_DATA_DIR override the profile's defaults. */
export function createProfile(name: ProfileName, root: string, env: NodeJS.ProcessEnv): Profile {
  const dataDir = env['GOCHAT_DATA_DIR'] ? resolve(env['GOCHAT_DATA_DIR']) : join(root, '.gochat', name)
  const portBase = env['GOCHAT_PORT_BASE'] ? Number(env['GOCHAT_PORT_BASE']) : PORT_BASES[name]
  // Below 32768: ports above are handed out by the kernel to outgoing connections.
  if (!Number.isInteger(portBase) || portBase < 1024 || portBase + HIGHEST_OFFSET >= 32_768) {
    throw new Error(`GOCHAT_PORT_BASE must be a whole number from 1024 to ${32_767 - HIGHEST_OFFSET}`)
  }
  return { name, root, dataDir, logDir: join(dataDir, 'logs'), portBase }
}

export function isProfileName(value: string): value is ProfileName {
  return value in PORT_BASES
}

const OFFSETS = {
  mysql: 1,
  redis: 2,
  etcd: 3,
  etcdPeer: 4,
  kafka: 5,
  kafkaController: 6,
  temporal: 7,
  temporalUi: 8,
  temporalMetrics: 9,
  temporalHttp: 10,
} as const

export function serverPort(profile: Profile, server: keyof typeof OFFSETS): number {
  return profile.portBase + OFFSETS[server]
}

/** The kernel allows about 107 bytes for a unix socket's path, so one that would be longer lives under the temporary folder. */
export function unixSocketPath(profile: Profile, file: string): string {
  const path = join(profile.dataDir, file)
  if (Buffer.byteLength(path) <= 100) return path
  const hash = createHash('sha256').update(profile.dataDir).digest('hex').slice(0, 12)
  return join(tmpdir(), `gochat-${hash}-${file.replaceAll('/', '-')}`)
}
