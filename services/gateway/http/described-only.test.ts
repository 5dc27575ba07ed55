import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createFakeGateway } from './testing/fake-gateway.ts'

const gateway = await createFakeGateway()
after(() => gateway[Symbol.asyncDispose]())
const codeOf = async (request: object) => {
  const response = await gateway.injectAsAnn(request)
  return response.statusCode < 300 ? response.statusCode : response.json().error.code
}

test('example: a query on a route that describes none is refused, and asks nobody', async () => {
  const response = await gateway.injectAsAnn({ method: 'POST', url: '/ws-tickets?access_token=x' })
  assert.equal(response.statusCode, 400)
  assert.deepEqual(response.json().error.details, {
    in: 'querystring',
    fields: { '/access_token': 'is not a known field' },
  })
  assert.equal(
    await codeOf({ method: 'PATCH', url: '/users/me?x=1', payload: { displayName: 'Ann' } }),
    'INVALID_ARGUMENT',
  )
  assert.deepEqual(gateway.calls, [])
})

test('a body where none is described is refused, whether the method may have one or not; an empty object is none', async () => {
  for (const method of ['GET', 'POST']) {
    const url = method === 'GET' ? '/users/me' : '/ws-tickets'
    assert.equal(await codeOf({ method, url, payload: { x: 1 } }), 'INVALID_ARGUMENT')
    assert.equal(await codeOf({ method, url }), method === 'GET' ? 200 : 201)
  }
  for (const payload of ['null', '[]', '7']) {
    const headers = { 'content-type': 'application/json' }
    assert.equal(await codeOf({ method: 'POST', url: '/ws-tickets', headers, payload }), 'INVALID_ARGUMENT')
  }
  assert.equal(await codeOf({ method: 'POST', url: '/ws-tickets', payload: {} }), 201)
})

test('the pages of the documentation are not held to it', async () => {
  assert.equal(await codeOf({ method: 'GET', url: '/docs?theme=dark' }), 200)
})
