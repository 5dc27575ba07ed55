import type { IKeyValue } from 'etcd3'

import type { EtcdEntry } from './etcd.ts'

/** etcd3 gives 64-bit numbers as text; a revision stays below 2^53 for longer than any cluster lives. */
export function entryOf(kv: IKeyValue): EtcdEntry {
  return { key: kv.key.toString(), value: kv.value.toString(), revision: Number(kv.mod_revision) }
}
