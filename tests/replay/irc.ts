/** A line of an IRC log that has an author. Lines that start with `===` have none and are left out. */
export interface IrcLine {
  readonly nick: string
  readonly type: 'text' | 'action'
  /** As it is, trailing spaces too. */
  readonly text: string
}

export interface IrcLog {
  readonly lines: readonly IrcLine[]
  /** Nicks that come or go but never say anything. */
  readonly onlookers: readonly string[]
}

const spoken = /^\[\d\d:\d\d\] <([^>]+)> (.*)$/s
const acted = /^\[\d\d:\d\d\] {2}\* (\S+) (.*)$/s
const cameOrWent = /^=== (\S+) .* has (?:joined|left) /

export function parseIrc(content: string): IrcLog {
  const lines: IrcLine[] = []
  const others = new Set<string>()
  for (const line of content.split('\n')) {
    const say = spoken.exec(line)
    const act = say === null ? acted.exec(line) : null
    if (say !== null) lines.push({ nick: say[1]!, type: 'text', text: say[2]! })
    else if (act !== null) lines.push({ nick: act[1]!, type: 'action', text: act[2]! })
    else if (cameOrWent.test(line)) others.add(cameOrWent.exec(line)![1]!)
  }
  const authors = new Set(lines.map((line) => line.nick))
  return { lines, onlookers: [...others].filter((nick) => !authors.has(nick)) }
}
