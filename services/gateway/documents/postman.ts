import { operationsOf, type OpenApi, type Operation } from './openapi.ts'
import { story, type Scene } from './postman-story.ts'
import { sampleOf } from './sample.ts'

/** The collection for Postman and newman: the story, then every other operation, with a test of each answer's status. */
export function describeCollection(api: OpenApi): object {
  const operations = new Map(operationsOf(api).map((operation) => [operation.operationId, operation]))
  const told = new Set(story.flatMap(({ scenes }) => scenes.map(({ operationId }) => operationId)))
  const others = [...operations.values()].filter(({ operationId }) => !told.has(operationId))
  const [forOperators, rest] = [others.filter(isForAdmins), others.filter((operation) => !isForAdmins(operation))]
  const chapters = [
    ...story.map(({ name, scenes }) => ({ name, item: scenes.map((scene) => itemOf(find(scene.operationId), scene)) })),
    {
      name: '6. Everything else',
      description: 'Made of the schemas alone, so any answer that is documented will do.',
      item: rest.map((operation) => itemOf(operation, sceneOf(operation))),
    },
    {
      name: '7. For operators',
      description: 'Alice is no admin, so all of it is refused. ./gochat admin NAME makes one; then log in again.',
      item: forOperators.map((operation) => itemOf(operation, { ...sceneOf(operation), status: 403 })),
    },
  ]
  return {
    info: {
      name: 'GoChat',
      description: `${api.info.description} Run it from the top: later requests use what earlier ones got.`,
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    auth: bearer('token'),
    // The port of the first gateway of ./gochat up.
    variable: [{ key: 'baseUrl', value: 'http://127.0.0.1:21101' }],
    item: chapters.filter(({ item }) => item.length > 0),
  }

  function find(operationId: string): Operation {
    const operation = operations.get(operationId)
    if (operation === undefined) throw new Error(`The story tells of ${operationId}, which is no operation`)
    return operation
  }
}

type Told = Omit<Scene, 'status'> & { readonly status?: number }

function sceneOf(operation: Operation): Told {
  const required = (operation.parameters ?? []).filter(({ required, in: place }) => required || place === 'path')
  const fields = Object.fromEntries(required.map(({ name, schema }) => [name, String(sampleOf(schema, name))]))
  const schema = operation.requestBody?.content['application/json'].schema
  return {
    operationId: operation.operationId,
    name: operation.summary,
    fields,
    ...(schema === undefined ? {} : { body: sampleOf(schema, operation.operationId) as Record<string, unknown> }),
  }
}

function itemOf(operation: Operation, { name, status, fields = {}, body, keep = {}, as, before }: Told) {
  const { method, path, description, security, parameters = [] } = operation
  const statuses = status === undefined ? Object.keys(operation.responses).map(Number) : [status]
  const segments = path.slice(1).split('/')
  const filled = segments.map((part) => part.replace(/^\{(\w+)\}$/, (_, field: string) => fields[field] ?? part))
  const query = parameters
    .filter((parameter) => parameter.in === 'query' && parameter.name in fields)
    .map((parameter) => ({ key: parameter.name, value: fields[parameter.name] }))
  const search = query.map(({ key, value }) => `${key}=${value}`).join('&')
  const auth = security === undefined ? { type: 'noauth' } : as === 'bob' ? bearer('bobToken') : undefined
  return {
    name,
    request: {
      method,
      description,
      ...(auth === undefined ? {} : { auth }),
      header: body === undefined ? [] : [{ key: 'content-type', value: 'application/json' }],
      url: {
        raw: `{{baseUrl}}/${filled.join('/')}${search === '' ? '' : `?${search}`}`,
        host: ['{{baseUrl}}'],
        path: filled,
        ...(query.length === 0 ? {} : { query }),
      },
      ...(body === undefined
        ? {}
        : { body: { mode: 'raw', raw: rawBody(body), options: { raw: { language: 'json' } } } }),
    },
    event: [
      ...(before === undefined ? [] : [script('prerequest', [before])]),
      script('test', [
        `pm.test('${statuses.length === 1 ? `answers ${statuses[0]}` : 'answers as documented'}', () => pm.expect(pm.response.code).to.be.oneOf([${statuses.join(', ')}]))`,
        ...Object.entries(keep).map(
          ([variable, field]) => `pm.collectionVariables.set('${variable}', pm.response.json().${field})`,
        ),
      ]),
    ],
  }
}

/** A seq is a number, which a variable inside quotes is not. */
function rawBody(body: object): string {
  return JSON.stringify(body, undefined, 2).replaceAll('"{{seq}}"', '{{seq}}')
}

function script(listen: 'prerequest' | 'test', exec: readonly string[]) {
  return { listen, script: { type: 'text/javascript', exec } }
}

function bearer(variable: string) {
  return { type: 'bearer', bearer: [{ key: 'token', value: `{{${variable}}}`, type: 'string' }] }
}

function isForAdmins({ path }: Operation): boolean {
  return path.startsWith('/admin')
}
