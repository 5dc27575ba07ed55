import { sql, type Kysely, type Transaction } from 'kysely'
import { AppError } from '#infra/errors/index.ts'
import type { Database } from '../database.ts'

/** gochat.task.v1.PoisonPlace */
export interface PoisonPlace {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly index: number
}

export interface PoisonCopy {
  readonly place: PoisonPlace
  readonly value: Uint8Array
}

/** One by one: a value grows as it becomes SQL, and all of them in one statement might be refused for their size. */
export async function keepPoison(tx: Transaction<Database>, copies: readonly PoisonCopy[]): Promise<void> {
  for (const { place, value } of copies) {
    await tx
      .insertInto('poison_copies')
      .values({ ...keyOf(place), value: Buffer.from(value), created_at: new Date() })
      .onDuplicateKeyUpdate({ topic: sql`topic` })
      .execute()
  }
}

/** @throws NOT_FOUND */
export async function getPoison(db: Kysely<Database>, place: PoisonPlace): Promise<Uint8Array> {
  const row = await db
    .selectFrom('poison_copies')
    .select('value')
    .where((eb) => eb.and(keyOf(place)))
    .executeTakeFirst()
  if (row === undefined) throw new AppError('NOT_FOUND')
  return row.value
}

export async function dropPoison(db: Kysely<Database>, place: PoisonPlace): Promise<void> {
  await db
    .deleteFrom('poison_copies')
    .where((eb) => eb.and(keyOf(place)))
    .execute()
}

function keyOf({ topic, partition, offset, index }: PoisonPlace) {
  return { topic, partition_id: partition, record_offset: String(offset), command_index: index }
}
