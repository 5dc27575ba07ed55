import { COMMANDS } from '../registry.ts'

export const summary = 'show this; ./gochat COMMAND --help shows one'
export const usage = 'help'

export async function run(): Promise<number> {
  console.log(
    'GoChat: a chat backend in which a message, once acknowledged, is stored once and reaches every member.\n',
  )
  console.log('Usage: ./gochat [--profile dev|test] COMMAND [arguments]\n')
  for (const [name, load] of Object.entries(COMMANDS)) {
    const command = await load().catch(() => undefined)
    if (command) console.log(`  ${name.padEnd(10)} ${command.summary}`)
  }
  console.log('\nSet-up: GOCHAT_PORT_BASE and GOCHAT_DATA_DIR move a profile. A server that runs already is given by')
  console.log(
    'GOCHAT_MYSQL_URL, GOCHAT_REDIS_URL, GOCHAT_ETCD_ENDPOINTS, GOCHAT_KAFKA_BROKERS, GOCHAT_TEMPORAL_ADDRESS.',
  )
  return 0
}
