import { errorTable, isErrorCode } from '#infra/errors/index.ts'
import { createValidators, pointerTo } from './validators.ts'

/** What came back for a request. */
export interface Answer {
  readonly method: string
  /** As it was asked for, with its query. */
  readonly path: string
  readonly status: number
  readonly contentType: string | undefined
  readonly text: string
}

/** What is undocumented about an answer, or nothing. */
export type AnswerCheck = (answer: Answer) => string | undefined

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}
interface Operation {
  readonly responses: Readonly<Record<string, Response>>
}
interface Response {
  /** Of a refusal: the names that it may have. */
  readonly description: string
  readonly content?: Readonly<Record<string, unknown>>
}

/** The pages of the documentation are in no document. */
const undescribed = /^\/(?:openapi\.json|asyncapi\.json|docs(?:\/.*)?)$/
const json = 'application/json'

/** Checks answers against the document that the gateway itself serves: status, content type, body and the name of a refusal. */
export function createAnswerCheck(document: OpenApi): AnswerCheck {
  const validators = createValidators(document)
  const templates = Object.keys(document.paths).map((template) => ({ template, pattern: patternOf(template) }))

  return (answer) => {
    const path = answer.path.split('?')[0]!
    const [found] = templates.filter(({ pattern }) => pattern.test(path)).toSorted(byFewerParameters)
    const method = answer.method.toLowerCase()
    const operation = found && document.paths[found.template]?.[method]
    if (operation === undefined) return problemOutside(answer, path)
    const response = operation.responses[answer.status]
    if (response === undefined) return `the status is documented for no answer: ${answer.text.slice(0, 300)}`
    if (response.content === undefined) return answer.text === '' ? undefined : 'a body, where none is documented'
    const type = answer.contentType?.split(';')[0]
    if (type === undefined || !(type in response.content)) return `an undocumented content type: ${type}`
    const body = parse(answer.text)
    const at = ['paths', found!.template, method, 'responses', `${answer.status}`, 'content', type, 'schema']
    return (
      validators.problemOf(pointerTo(...at), body) ?? refusalProblem(answer, body, response.description.split(', '))
    )
  }

  /** A path or a method that there is not, or what is no REST: only a refusal in the one shape may come. */
  function problemOutside(answer: Answer, path: string): string | undefined {
    if (answer.status < 400) {
      const isPreflight = answer.method === 'OPTIONS' && answer.status === 204
      return isPreflight || undescribed.test(path) ? undefined : 'nothing but a refusal is documented here'
    }
    if (answer.contentType?.split(';')[0] !== json) return `a refusal that is no JSON: ${answer.contentType}`
    const body = parse(answer.text)
    return validators.problemOf(pointerTo('components', 'schemas', 'Failure'), body) ?? refusalProblem(answer, body)
  }
}

function refusalProblem(answer: Answer, body: unknown, documented?: readonly string[]): string | undefined {
  if (answer.status < 400) return undefined
  const { code } = (body as { error: { code: string } }).error
  if (!isErrorCode(code)) return `${code} is not in the error table`
  if (errorTable[code].http !== answer.status) return `${code} has another status`
  return documented === undefined || documented.includes(code) ? undefined : `${code} is not documented for this status`
}

function patternOf(template: string): RegExp {
  return new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
}

function byFewerParameters(a: { template: string }, b: { template: string }): number {
  return a.template.split('{').length - b.template.split('{').length
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
