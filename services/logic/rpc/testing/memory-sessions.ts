import { create } from '@bufbuild/protobuf'
import { AppError } from '#infra/errors/index.ts'
import {
  ChangePasswordHashResponseSchema,
  CreateSessionResponseSchema,
  RevokeSessionResponseSchema,
  RotateOutcome,
  RotateSessionResponseSchema,
} from '#proto/gen/gochat/user/v1/session_repo_pb.ts'
import type { AuthDeps } from '../auth.ts'

interface Row {
  readonly userId: string
  readonly deviceId: string
  readonly family: string
  present: string
  previous?: string
  salt?: Uint8Array
  isRevoked: boolean
}

/** The sessions that repo would keep, without a grace that ends: the real ones are proved on MariaDB. */
export function memorySessions(): { readonly repo: AuthDeps['sessions'] } {
  const rows = new Map<string, Row>()
  const hex = (bytes: Uint8Array = new Uint8Array()) => Buffer.from(bytes).toString('hex')
  const repo: AuthDeps['sessions'] = {
    async createSession({ userId = '', deviceId = '', familyHash, refreshHash }) {
      const ended = [...rows].filter(([, row]) => row.deviceId === deviceId && row.userId === userId && !row.isRevoked)
      for (const [, row] of ended) row.isRevoked = true
      const id = String(rows.size + 1)
      rows.set(id, { userId, deviceId, family: hex(familyHash), present: hex(refreshHash), isRevoked: false })
      return create(CreateSessionResponseSchema, { id, endedIds: ended.map(([endedId]) => endedId) })
    },
    async rotateSession({ id = '', familyHash, refreshHash, nextHash, nextSalt }) {
      const row = rows.get(id)
      const answer = (outcome: RotateOutcome) =>
        create(RotateSessionResponseSchema, {
          outcome,
          user: { id: row?.userId ?? '' },
          deviceId: row?.deviceId ?? '',
          ...(row?.salt === undefined ? {} : { salt: row.salt }),
        })
      if (row === undefined || row.family !== hex(familyHash)) return answer(RotateOutcome.UNSPECIFIED)
      if (row.isRevoked) return answer(RotateOutcome.REVOKED)
      if (row.previous === hex(refreshHash)) return answer(RotateOutcome.REPEATED)
      if (row.present !== hex(refreshHash)) {
        row.isRevoked = true
        return answer(RotateOutcome.REUSED)
      }
      Object.assign(row, { previous: row.present, present: hex(nextHash), salt: nextSalt })
      return answer(RotateOutcome.ROTATED)
    },
    revokeSession: async () => create(RevokeSessionResponseSchema),
    async changePasswordHash({ userId }) {
      if (userId !== '5') throw new AppError('USER_NOT_FOUND')
      return create(ChangePasswordHashResponseSchema)
    },
  }
  return { repo }
}
