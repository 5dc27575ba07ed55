/** Which pages may use this gateway. Asked only when a browser says where it comes from. */
export function createOriginCheck(options: {
  /** Comma-separated; may be empty. */
  readonly allowed: string
  /** Outside production an empty list allows any origin on a loopback host. */
  readonly isProduction: boolean
}): (origin: string) => boolean {
  const allowed = new Set(
    options.allowed
      .split(',')
      .map((origin) => origin.trim().toLowerCase())
      .filter((origin) => origin !== ''),
  )
  const isLoopbackAllowed = allowed.size === 0 && !options.isProduction
  return (origin) => allowed.has(origin.toLowerCase()) || (isLoopbackAllowed && isLoopbackOrigin(origin))
}

function isLoopbackOrigin(origin: string): boolean {
  return /^https?:\/\/(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?$/i.test(origin)
}
