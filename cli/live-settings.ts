import { liveSettingsKey } from '#delivery/live-settings.ts'
import { connectEtcd } from '#infra/discovery/index.ts'
import { createLogger } from '#infra/logger/index.ts'

/** Runs `work` with some live settings replaced in the running system, and puts back what was there. */
export async function withLiveSettings<T>(
  etcdEndpoints: string,
  replaced: Readonly<Record<string, unknown>>,
  work: () => Promise<T>,
): Promise<T> {
  const log = createLogger({ name: 'cli', instance: 'cli', level: 'error' })
  await using etcd = connectEtcd({ endpoints: etcdEndpoints.split(','), log })
  const before = await etcd.get(liveSettingsKey)
  const document = before === undefined ? {} : (JSON.parse(before.value) as object)
  await etcd.put(liveSettingsKey, JSON.stringify({ ...document, ...replaced }))
  try {
    return await work()
  } finally {
    if (before === undefined) await etcd.delete(liveSettingsKey)
    else await etcd.put(liveSettingsKey, before.value)
  }
}
