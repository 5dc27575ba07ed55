import { Type } from 'typebox'
import { HeadBody, HistoryFrame, ReadFrame, Seq, SyncFrame, TimeMs } from '#proto/frames/index.ts'
import { strict } from './common.ts'
import { component } from './component.ts'
import { Entry } from './conversation.ts'

const { afterSeq, upToSeq, limit } = HistoryFrame.properties
export const HistoryQuery = Type.Object({ afterSeq: Type.Optional(afterSeq), upToSeq, limit }, strict)
export const HistoryPage = Type.Object({
  entries: Type.Array(Entry.ref),
  lastSeq: { ...Seq, description: 'The newest seq that this user may see.' },
})

export const Stored = component(
  'Stored',
  Type.Object({
    seq: Seq,
    createdAt: TimeMs,
    duplicate: Type.Optional(
      Type.Literal(true, { description: 'This id was stored before, and this is that answer.' }),
    ),
  }),
)
export const ReadMark = Type.Object({ seq: ReadFrame.properties.seq }, strict)

const { have, afterId } = SyncFrame.properties
/** A record by pattern alone takes any other name with any value. */
export const SyncRequest = Type.Object({ have: { ...have, ...strict }, afterId }, strict)
export const Head = component('Head', Type.Object({ ...HeadBody.properties }))
export const HeadPage = Type.Object({
  conversations: Type.Array(Head.ref),
  nextAfterId: Type.Optional(Type.String({ description: 'There is more: sync again with this as afterId.' })),
})
