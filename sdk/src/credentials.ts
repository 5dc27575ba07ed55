import type { Session } from '../../proto/rest/index.ts'
import type { Rest } from './rest.ts'

export interface CredentialsOptions {
  readonly rest: Pick<Rest, 'refresh'>
  /** As it was given last, by a login or by `onLogin`. */
  readonly login: Session
  /** To be kept: of the refresh tokens only the newest is good. Called before the new access token is used. */
  readonly onLogin?: (login: Session) => void | Promise<void>
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** A login that stays good: an access token whenever one is needed, exchanged for the next before it ends. */
export interface Credentials {
  /** For `createClient({ token })`, and for the calls of `createRest`. */
  readonly token: (need?: { readonly isExpired: boolean }) => Promise<string>
  readonly login: Session
}

/** A token that ends within this time is not worth beginning with. */
const marginMs = 30_000

/** Many may ask at once: the refresh token is exchanged once for all of them. */
export function createCredentials({ rest, login, onLogin, now = Date.now }: CredentialsOptions): Credentials {
  let current = login
  let exchange: Promise<string> | undefined

  async function refresh(): Promise<string> {
    try {
      current = await rest.refresh(current.refreshToken)
      await onLogin?.(current)
      return current.accessToken
    } finally {
      exchange = undefined
    }
  }

  return {
    get login() {
      return current
    },
    async token({ isExpired } = { isExpired: false }) {
      if (!isExpired && exchange === undefined && current.expiresAt - now() > marginMs) return current.accessToken
      return (exchange ??= refresh())
    },
  }
}
