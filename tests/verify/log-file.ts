export interface Spoken {
  readonly nick: string
  readonly type: 'text' | 'action'
  readonly text: string
}

/** The lines of an IRC log that have an author. Written apart from the replay's reader on purpose. */
export function spokenLines(content: string): Spoken[] {
  return content.split('\n').flatMap((line): Spoken[] => {
    if (line.startsWith('===')) return []
    const rest = line.slice(line.indexOf('] ') + 2)
    if (rest.startsWith('<')) {
      const end = rest.indexOf('> ')
      return end < 0 ? [] : [{ nick: rest.slice(1, end), type: 'text', text: rest.slice(end + 2) }]
    }
    if (!rest.startsWith(' * ')) return []
    const [nick = '', ...words] = rest.slice(3).split(' ')
    return [{ nick, type: 'action', text: words.join(' ') }]
  })
}
