import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Profile, ProfileName } from './profile.ts'

/** Made at random once per data folder. */
export interface Credentials {
  profile: ProfileName
  mysqlUser: string
  mysqlPassword: string
  mysqlDatabase: string
  kafkaClusterId: string
  accessTokenSecret: string
}

export async function ensureCredentials(profile: Profile): Promise<Credentials> {
  const existing = await readCredentials(profile)
  if (existing !== undefined) return existing
  const credentials: Credentials = {
    profile: profile.name,
    mysqlUser: 'gochat',
    mysqlPassword: randomBytes(18).toString('base64url'),
    mysqlDatabase: 'gochat',
    kafkaClusterId: randomBytes(16).toString('base64url'),
    accessTokenSecret: randomBytes(32).toString('hex'),
  }
  const file = fileOf(profile)
  await mkdir(profile.dataDir, { recursive: true, mode: 0o700 })
  await writeFile(`${file}.new`, JSON.stringify(credentials, null, 2) + '\n', { mode: 0o600 })
  await rename(`${file}.new`, file)
  return credentials
}

/**
 * Undefined when the folder is not ours yet. Throws when it is another profile's: with GOCHAT_DATA_DIR set, two could meet in
 * one folder, and a test would stop and wipe what a developer keeps.
 */
export async function readCredentials(profile: Profile): Promise<Credentials | undefined> {
  const text = await readFile(fileOf(profile), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const credentials = JSON.parse(text) as Credentials
  if (credentials.profile === profile.name) return credentials
  throw new Error(`${profile.dataDir} belongs to profile ${credentials.profile}, not to ${profile.name}`)
}

function fileOf(profile: Profile): string {
  return join(profile.dataDir, 'credentials.json')
}
