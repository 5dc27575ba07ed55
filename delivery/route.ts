/** Where one socket of a user is: a gateway's slot, that gateway's epoch in it, and the gateway's number for the socket. */
export interface Route {
  readonly slot: number
  readonly epoch: number
  readonly connection: number
}

/** The Redis key that holds a user's routes. */
export function routeKey(userId: string): string {
  return `gochat:route:${userId}`
}

/**
 * Reads a key's value: `slot.epoch.connection.expiry`, joined by `;` (lua/put-n.lua writes it). The expiry is for the writers.
 * By hand instead of split: a message to a thousand members reads a thousand of these.
 */
export function parseRoutes(value: string): Route[] {
  const routes: Route[] = []
  const fields = [0, 0, 0, 0]
  let field = 0
  for (let index = 0; index <= value.length; index += 1) {
    const code = index < value.length ? value.charCodeAt(index) : semicolon
    if (code >= zero && code <= nine) {
      fields[field] = fields[field]! * 10 + (code - zero)
    } else if (code === dot && field < 3) {
      field += 1
    } else {
      if (code === semicolon && field >= 2) routes.push({ slot: fields[0]!, epoch: fields[1]!, connection: fields[2]! })
      fields.fill(0)
      field = 0
    }
  }
  return routes
}

const zero = 48
const nine = 57
const dot = 46
const semicolon = 59
