import { Type } from 'typebox'
import { ClientId, Id, TimeMs, limits } from '#proto/frames/index.ts'
import { line, strict } from './common.ts'
import { component } from './component.ts'

const Name = line(limits.maxNameLength, 'Unique, compared byte by byte: case and spaces count.')
const DisplayName = line(limits.maxNameLength, 'How others see this user.')
const Password = Type.String({ pattern: '^[^\\p{Cs}]{8,200}$', description: '8 to 200 characters.' })
const DeviceId = Type.Optional({ ...ClientId, description: 'One installation of a client. Default: a new one.' })

export const Registration = Type.Object(
  { name: Name, password: Password, displayName: Type.Optional(DisplayName), deviceId: DeviceId },
  strict,
)
/** A password of any length may be wrong; only what cannot be one is refused as a field. */
export const Login = Type.Object(
  { name: Name, password: Type.String({ pattern: '^[^\\p{Cs}]{1,200}$' }), deviceId: DeviceId },
  strict,
)
export const ProfileChange = Type.Object({ displayName: DisplayName }, strict)
export const UserQuery = Type.Object({ name: Name }, strict)

export const User = component(
  'User',
  Type.Object({ id: Id, name: Type.String(), displayName: Type.String(), createdAt: TimeMs }),
)

export const Session = component(
  'Session',
  Type.Object({
    user: User.ref,
    accessToken: Type.String({ description: 'A bearer token, for the Authorization header or the auth frame.' }),
    expiresAt: TimeMs,
  }),
)
