import assert from 'node:assert/strict'
import { test } from 'node:test'

import { waitFor } from '#infra/testing/index.ts'

import type { Etcd, PrefixView } from './etcd.ts'

/** Run against both: the real etcd and the double. Each test works under a prefix of its own. */
export function etcdContract(name: string, connect: () => Promise<Etcd>): void {
  let lastPrefix = 0
  const freshPrefix = () => `/gochat/test/${process.pid}/${Date.now()}-${(lastPrefix += 1)}/`
  const content = (view: PrefixView) => [...view.entries.values()].map(({ key, value }) => `${key.at(-1)}=${value}`)

  test(`${name}: example: put, read, watch`, async () => {
    await using etcd = await connect()
    const prefix = freshPrefix()
    await etcd.put(`${prefix}a`, 'one')
    await using view = await etcd.watchPrefix(prefix)
    assert.equal(view.entries.get(`${prefix}a`)?.value, 'one')

    let changes = 0
    view.onChange(() => (changes += 1))
    await etcd.put(`${prefix}b`, 'two')
    await waitFor(() => view.entries.size === 2, { what: 'the watched key' })
    assert.equal(changes, 1)
    assert.equal(await etcd.delete(`${prefix}a`), true)
    assert.equal(await etcd.delete(`${prefix}a`), false)
    await waitFor(() => view.entries.size === 1, { what: 'the deletion' })
    assert.equal((await etcd.get(`${prefix}b`))?.value, 'two')
    assert.equal(await etcd.get(`${prefix}a`), undefined)
  })

  test(`${name}: a prefix is read in order of keys, and revisions grow`, async () => {
    await using etcd = await connect()
    const prefix = freshPrefix()
    const second = await etcd.put(`${prefix}b`, '2')
    const first = await etcd.put(`${prefix}a`, '1')
    assert.ok(first > second)
    const entries = await etcd.getPrefix(prefix)
    assert.deepEqual(entries, [
      { key: `${prefix}a`, value: '1', revision: first },
      { key: `${prefix}b`, value: '2', revision: second },
    ])
  })

  test(`${name}: of several who create a key at once, one succeeds`, async () => {
    await using etcd = await connect()
    const key = `${freshPrefix()}slot`
    const outcomes = await Promise.all(['x', 'y', 'z'].map((value) => etcd.create(key, value)))
    const won = outcomes.filter((revision) => revision !== undefined)
    assert.equal(won.length, 1)
    assert.equal((await etcd.get(key))?.revision, won[0])
  })

  test(`${name}: creating again what this lease holds succeeds, for another lease it does not`, async () => {
    await using etcd = await connect()
    const key = `${freshPrefix()}slot`
    const [mine, yours] = [await etcd.grantLease(10), await etcd.grantLease(10)]
    const revision = await etcd.create(key, 'me', mine)
    assert.ok(revision !== undefined)
    assert.equal(await etcd.create(key, 'me', mine), revision)
    assert.equal(await etcd.create(key, 'me', yours), undefined)
    assert.equal(await etcd.create(key, 'other', mine), undefined)
    await Promise.all([mine.revoke(), yours.revoke()])
  })

  test(`${name}: putIfUnchanged writes over the revision that was read, and over no other`, async () => {
    await using etcd = await connect()
    const key = `${freshPrefix()}document`
    const first = await etcd.putIfUnchanged(key, 'one', 0)
    assert.ok(first !== undefined)
    assert.equal(await etcd.putIfUnchanged(key, 'absent?', 0), undefined)
    const second = await etcd.putIfUnchanged(key, 'two', first)
    assert.ok(second !== undefined && second > first)
    assert.equal(await etcd.putIfUnchanged(key, 'late', first), undefined)
    assert.equal((await etcd.get(key))?.value, 'two')
  })

  test(`${name}: revoking a lease takes its keys at once, others stay, and it is not called lost`, async () => {
    await using etcd = await connect()
    const prefix = freshPrefix()
    const lease = await etcd.grantLease(10)
    await etcd.put(`${prefix}a`, 'leased', lease)
    await etcd.put(`${prefix}b`, 'kept')
    await using view = await etcd.watchPrefix(prefix)
    assert.deepEqual(content(view), ['a=leased', 'b=kept'])
    await lease.revoke()
    await lease.revoke()
    await waitFor(() => view.entries.size === 1, { what: 'the key to go' })
    assert.deepEqual(content(view), ['b=kept'])
    assert.equal(lease.lost.aborted, false)
    await assert.rejects(etcd.put(`${prefix}c`, 'too late', lease), { code: 'UNAVAILABLE' })
  })

  test(`${name}: a view sees fast changes of one key, and ends at the last`, async () => {
    await using etcd = await connect()
    const prefix = freshPrefix()
    await using view = await etcd.watchPrefix(prefix)
    for (let i = 1; i <= 20; i += 1) await etcd.put(`${prefix}n`, String(i))
    await waitFor(() => view.entries.get(`${prefix}n`)?.value === '20', { what: 'the last value' })
    assert.ok(view.revision > 0)
  })

  test(`${name}: a listener that was removed, or whose view is closed, hears nothing more`, async () => {
    await using etcd = await connect()
    const prefix = freshPrefix()
    const [removed, closed, kept] = [
      await etcd.watchPrefix(prefix),
      await etcd.watchPrefix(prefix),
      await etcd.watchPrefix(prefix),
    ]
    let heard = 0
    removed.onChange(() => (heard += 1))()
    closed.onChange(() => (heard += 1))
    await closed[Symbol.asyncDispose]()
    await etcd.put(`${prefix}a`, '1')
    await waitFor(() => kept.entries.size === 1, { what: 'the change' })
    assert.equal(heard, 0)
    await Promise.all([removed[Symbol.asyncDispose](), kept[Symbol.asyncDispose]()])
  })
}
