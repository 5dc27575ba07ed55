import { createInterface } from 'node:readline/promises'
import { parseArgs } from 'node:util'
import { createClient, type Arrival, type ChatClient } from '@gochat/sdk'
import { UsageError, type CommandContext } from '../context.ts'
import { enterLobby, type Lobby } from '../chat/lobby.ts'
import { findGateways } from '../gateways.ts'
import { showEntry } from '../chat/show.ts'

export const summary = 'talk in the lobby from this terminal, as NAME'
export const usage = `chat NAME
  A line is sent to everyone in the lobby; "/me waves" is an action; "/quit" or Ctrl-D leaves the terminal.`

export async function run(args: string[], context: CommandContext): Promise<number> {
  const { positionals } = parseArgs({ args, allowPositionals: true, options: {} })
  const [name, ...more] = positionals
  if (name === undefined || more.length > 0) throw new UsageError('Say who you are: chat NAME.')
  const gateways = await findGateways(context)
  const lobby = await enterLobby(gateways[0]!.httpUrl, name)
  const chat = createClient({
    url: gateways.map(({ wsUrl }) => wsUrl),
    token: lobby.token,
    // A newcomer to this terminal sees the last twenty lines.
    startAt: (head) => Math.max(head.joinSeq, head.lastSeq - 20),
  })
  await talk(chat, lobby, name)
  chat.close()
  return 0
}

async function talk(chat: ChatClient, lobby: Lobby, name: string): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout, prompt: `${name}> ` })
  const print = (line: string) => {
    // Clears the prompt's line, so that what arrives does not cut what is being typed.
    process.stdout.write(`\r\u001b[K${line}\n`)
    terminal.prompt(true)
  }
  chat.on(
    'entry',
    (arrival: Arrival) => void showEntry(arrival.entry, chat.userId, lobby).then((line) => line && print(line)),
  )
  chat.on('state', (state) => state === 'disconnected' && print('· connection lost, coming back'))
  chat.on('failed', (error) => {
    print(`· ${error.message}`)
    terminal.close()
  })
  await chat.connect()
  print(`· you are ${name}, in the lobby; type and press Enter`)
  for await (const line of terminal) {
    if (line.trim() === '/quit') break
    if (line.trim() !== '') send(chat, lobby.conversationId, line, print)
    terminal.prompt()
  }
  terminal.close()
}

function send(chat: ChatClient, conversationId: string, line: string, print: (line: string) => void): void {
  const content = line.startsWith('/me ')
    ? ({ type: 'action', body: { text: line.slice(4) } } as const)
    : ({ type: 'text', body: { text: line } } as const)
  chat.send(conversationId, content).catch((error: Error) => print(`· not sent: ${error.message}`))
}
