import { createConnection, type Connection } from 'mysql2/promise'
import { bodyText } from '../driver/body.ts'
import { runBatches, type BatchWriter } from './batches.ts'
import type { RepoOptions } from './repo.ts'
import type { Row } from '../row.ts'

const database = 'gochat_bench_raw'

/** The floor of any store: the same rows by the same number of connections, one INSERT and one commit a batch, no seqs, no checks. */
export async function measureRawInserts(options: RepoOptions): Promise<Row> {
  const { mysqlUrl, processes, writers } = options
  await using stack = new AsyncDisposableStack()
  const open = async (): Promise<Connection> => {
    const connection = await createConnection({ uri: mysqlUrl, connectTimeout: 5000 })
    stack.defer(() => connection.end())
    return connection
  }
  const admin = await open()
  const table = `${database}.messages`
  await admin.query(`DROP DATABASE IF EXISTS ${database}`)
  await admin.query(`CREATE DATABASE ${database}`)
  stack.defer(async () => void (await admin.query(`DROP DATABASE ${database}`)))
  await admin.query(`CREATE TABLE ${table} LIKE messages`)
  const charged = new Map(['mysql', 'driver'].map((group) => [group, processes.get(group) ?? []] as const))
  const writing = await Promise.all(
    Array.from({ length: writers }, async (_, w) => insertWriter(await open(), table, w)),
  )
  return await runBatches('raw-inserts', writing, charged, options)
}

function insertWriter(connection: Connection, table: string, w: number): BatchWriter {
  const body = JSON.stringify({ text: bodyText() })
  const columns = '(conversation_id, seq, ordinal, type, sender_id, client_message_id, content_hash, body, created_at)'
  let batches = 0
  return async ({ conversations, rowsEach }) => {
    const rows: string[] = []
    for (let c = 0; c < conversations; c += 1) {
      for (let i = 0; i < rowsEach; i += 1) {
        const seq = batches * rowsEach + i + 1
        rows.push(
          `(${1 + w * conversations + c},${seq},${seq},'text',${w + 1},'b-${seq}',REPEAT('h',16),'${body}',NOW(3))`,
        )
      }
    }
    batches += 1
    await connection.query({ sql: `INSERT INTO ${table} ${columns} VALUES ${rows.join()}`, timeout: 10_000 })
  }
}
