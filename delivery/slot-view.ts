import type { Etcd } from '#infra/discovery/index.ts'
import { slotOf, slotsPrefix } from './slots.ts'
import type { Place } from './routes.ts'

/** Which gateways there are, as etcd last said. While etcd is away it stands still: unknown is not dead. */
export interface SlotView extends AsyncDisposable {
  /** The slots that are held now. */
  live(): readonly Place[]
  /**
   * The newest epoch known of a slot, also after its key has gone: a gateway that only lost its lease still reads its topic.
   * A route or reply with a lower epoch is dead; any other may be alive.
   */
  epochOf(slot: number): number | undefined
}

export async function watchSlots(etcd: Etcd): Promise<SlotView> {
  const view = await etcd.watchPrefix(slotsPrefix)
  const epochs = new Map<number, number>()
  let live: readonly Place[] = []

  function read(): void {
    live = [...view.entries.values()].map(({ key, revision }) => ({ slot: slotOf(key), epoch: revision }))
    for (const { slot, epoch } of live) epochs.set(slot, Math.max(epoch, epochs.get(slot) ?? 0))
  }

  const stop = view.onChange(read)
  read()
  return {
    live: () => live,
    epochOf: (slot) => epochs.get(slot),
    async [Symbol.asyncDispose]() {
      stop()
      await view[Symbol.asyncDispose]()
    },
  }
}

/** A fixed view, for tests. */
export function staticSlots(places: readonly Place[]): SlotView {
  const epochs = new Map(places.map(({ slot, epoch }) => [slot, epoch]))
  return { live: () => places, epochOf: (slot) => epochs.get(slot), async [Symbol.asyncDispose]() {} }
}
