import { Type } from 'typebox'
import { ClientId, limits } from '#proto/frames/index.ts'
import * as answers from '#proto/rest/index.ts'
import { line, strict, surrogates } from './common.ts'
import { component } from './component.ts'

const Name = line(limits.maxNameLength, 'Unique, compared byte by byte: case and spaces count.')
const DisplayName = line(limits.maxNameLength, 'How others see this user.')
const Password = Type.String({ pattern: `^[^${surrogates}]{8,200}$`, description: '8 to 200 characters.' })
/** A password of any length may be wrong; only what cannot be one is refused as a field. */
const TriedPassword = Type.String({ pattern: `^[^${surrogates}]{1,200}$` })
const DeviceName = line(limits.maxNameLength, 'How its user calls a device.')
/** Where one logs in. */
const device = {
  deviceId: Type.Optional({
    ...ClientId,
    description: 'One installation of a client; its former session ends. Default: a new one.',
  }),
  deviceName: Type.Optional(DeviceName),
}

export const Registration = Type.Object(
  { name: Name, password: Password, displayName: Type.Optional(DisplayName), ...device },
  strict,
)
export const GuestEntry = Type.Object({ displayName: Type.Optional(DisplayName), ...device }, strict)
export const Refresh = Type.Object(
  { refreshToken: Type.String({ pattern: '^[A-Za-z0-9_.-]{1,200}$', description: 'Good once.' }) },
  strict,
)
export const Login = Type.Object({ name: Name, password: TriedPassword, ...device }, strict)
export const PasswordChange = Type.Object({ oldPassword: TriedPassword, newPassword: Password }, strict)
export const DeviceParams = Type.Object({ deviceId: ClientId }, strict)
export const DeviceChange = Type.Object({ name: DeviceName }, strict)
export const ProfileChange = Type.Object({ displayName: DisplayName }, strict)
export const UserQuery = Type.Object({ name: Name }, strict)

export const User = component('User', answers.User)
export const Session = component('Session', Type.Object({ ...answers.Session.properties, user: User.ref }))
export const Device = component('Device', answers.Device)
