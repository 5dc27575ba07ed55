import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

export interface Example {
  readonly from: 'client' | 'server'
  readonly frame: { readonly t: string } & Record<string, unknown>
}

/** A body of REST. */
export interface RestExample {
  readonly kind: 'request' | 'answer'
  /** Of an answer. */
  readonly status: number
  readonly method: string
  readonly path: string
  readonly text: string
}

/** The frames that docs/protocol.md shows, in order. */
export function readProtocolPage(): Example[] {
  return [...readPage().matchAll(/^```json (client|server)\n(.*?)^```$/gms)].map(([, from, json]) => ({
    from: from as Example['from'],
    frame: JSON.parse(json!) as Example['frame'],
  }))
}

/** The requests and answers of REST that it shows. */
export function readRestExamples(): RestExample[] {
  const pattern = /^```json (request|answer)(?: (\d+))? ([A-Z]+) (\S+)\n(.*?)^```$/gms
  return [...readPage().matchAll(pattern)].map(([, kind, status = '0', method = '', path = '', text = '']) => ({
    kind: kind as RestExample['kind'],
    status: Number(status),
    method,
    path,
    text,
  }))
}

/** Where an error ends the connection, as its table says: code and meaning. */
export function readCloseCodes(): [code: number, meaning: string][] {
  return [...readPage().matchAll(/^\| (\d{4}) +\| (.*?) +\|$/gm)].map(([, code, meaning = '']) => [
    Number(code),
    meaning,
  ])
}

function readPage(): string {
  return readFileSync(resolve(import.meta.dirname, '../../../docs/protocol.md'), 'utf8')
}
