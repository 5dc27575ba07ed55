import type { HotSession } from '#infra/mysql/index.ts'
import type { PartitionAdvance } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import { rowsTable } from './literals.ts'
import { run } from './session.ts'

/**
 * The fence: moves each partition's offset forward if, and only if, the caller owns it and begins where the last one ended.
 * It locks these rows first, so a claim by another process waits for this transaction, and this one for a claim.
 */
export function advanceSql(partitions: readonly PartitionAdvance[]): string {
  const rows = partitions.map((p) => `[${p.partition},${p.epoch},${p.fromOffset},${p.toOffset}]`)
  return `UPDATE ${rowsTable(rows, columns)}
STRAIGHT_JOIN upstream_owners o ON o.partition_id = r.p AND o.epoch = r.e AND o.next_offset = r.f
SET o.next_offset = r.t`
}

export type Mismatch = 'applied-before' | { readonly fenced: readonly number[] }

/** Why the fence did not open. `applied-before`: this very request was committed, and its answer got lost. */
export async function explainMismatch(
  session: HotSession,
  partitions: readonly PartitionAdvance[],
): Promise<Mismatch | undefined> {
  const ids = partitions.map(({ partition }) => partition).join()
  const [rows] = await run(session, [
    `SELECT partition_id, epoch, next_offset FROM upstream_owners WHERE partition_id IN (${ids})`,
  ])
  const owners = new Map((rows as OwnerRow[]).map((row) => [row.partition_id, row]))
  const fenced: number[] = []
  let atStart = 0
  let atEnd = 0
  for (const { partition, epoch, fromOffset, toOffset } of partitions) {
    const owner = owners.get(partition)
    const offset = Number(owner?.next_offset)
    if (owner === undefined || Number(owner.epoch) !== epoch) fenced.push(partition)
    else if (offset === toOffset) atEnd += fromOffset === toOffset ? 0 : 1
    else if (offset === fromOffset) atStart += 1
    else fenced.push(partition)
  }
  if (fenced.length > 0) return { fenced }
  if (atStart === 0) return 'applied-before'
  // One transaction moves all or none: some here and some there means that the caller has lost count. It must claim anew.
  if (atEnd > 0) return { fenced: partitions.map(({ partition }) => partition) }
  return undefined
}

interface OwnerRow {
  readonly partition_id: number
  readonly epoch: string
  readonly next_offset: string
}

const columns =
  "p INT UNSIGNED PATH '$[0]', e BIGINT UNSIGNED PATH '$[1]', f BIGINT UNSIGNED PATH '$[2]', t BIGINT UNSIGNED PATH '$[3]'"
