/**
 * Discovery: who is alive and where, in etcd; and the small port through which everything else uses etcd.
 * Promises: a registration outlives the loss of its lease (granted anew); it disappears within its TTL after the process died.
 * Promises: while etcd is away a HostList keeps its last view, and `current()` never throws: unknown is not dead.
 * Does not: check health. Whether a listed host answers is for the RPC channel to notice.
 * Use: `await createEtcdRegistry(etcd).register('repo', 'repo-1', address)`; `await watchHosts(etcd, 'repo', log)`.
 */
export { connectEtcd, type EtcdOptions } from './etcd3.ts'
export type { Etcd, EtcdEntry, EtcdLease, PrefixView } from './etcd.ts'
export { staticHosts, watchHosts, type Host, type HostList } from './hosts.ts'
export { memoryEtcd, type MemoryEtcd } from './memory-etcd.ts'
export { createEtcdRegistry, type Registration, type Registry, type RegistryOptions } from './registry.ts'
