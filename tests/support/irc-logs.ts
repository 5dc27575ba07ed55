import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const folder = resolve(import.meta.dirname, '../data/irc')

/** Three logs of real chat; tests/data/irc/README.md says whose. */
export const ircLogs = ['2006-06-01.train-a.txt', '2007-06-04.train-a.txt', '2008-04-27.train-a.txt'].map((name) => ({
  name,
  path: `${folder}/${name}`,
  read: () => readFileSync(`${folder}/${name}`, 'utf8'),
}))
