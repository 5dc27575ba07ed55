import { ConfigError, type Fault } from './read-config.ts'

const minSecretLength = 32
const minPasswordLength = 12
const sampleMarks = /sample|change.?me|insecure|example|password|secret|gochat/i

/** Does this variable hold nothing but a secret? Its values are never printed, and must be strong in production. */
export function isSecretName(name: string): boolean {
  return /_(SECRET|SECRETS|PASSWORD|PRIVATE_KEY|API_KEY)$/.test(name)
}

/**
 * In production mode refuses secrets, and passwords inside URLs, that are short or look like samples of this repository.
 * A URL without a password passes: the connection may be authenticated otherwise.
 * @throws ConfigError with every fault at once.
 */
export function assertProductionSafe(
  config: { readonly GOCHAT_MODE: string } & Readonly<Record<string, unknown>>,
): void {
  if (config.GOCHAT_MODE !== 'production') return
  const faults = Object.entries(config).flatMap(([name, value]) =>
    [value].flat().flatMap((item) => (typeof item === 'string' ? faultOf(name, item) : [])),
  )
  if (faults.length > 0) throw new ConfigError(faults)
}

function faultOf(variable: string, value: string): Fault[] {
  const isSecret = isSecretName(variable)
  const secret = isSecret ? value : passwordIn(value)
  if (secret === '') return []
  const what = isSecret ? 'is' : 'has a password that is'
  if (sampleMarks.test(secret)) return [{ variable, fault: `${what} a sample: not allowed in production` }]
  const minLength = isSecret ? minSecretLength : minPasswordLength
  if (secret.length < minLength) return [{ variable, fault: `${what} shorter than ${minLength} characters` }]
  if (new Set(secret).size < 8) return [{ variable, fault: `${what} too uniform to be random` }]
  return []
}

function passwordIn(value: string): string {
  return URL.canParse(value) ? decodeURIComponent(new URL(value).password) : ''
}
