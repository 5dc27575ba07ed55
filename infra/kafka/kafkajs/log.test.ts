import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import kafkajs from 'kafkajs'
import { recordingLogger } from '../../testing/index.ts'
import { kafkajsLog } from './log.ts'

function setUp() {
  const { log, lines } = recordingLogger()
  const write = kafkajsLog(log)(kafkajs.logLevel.INFO)
  const error = (message: string, extra: object = {}) =>
    write({
      namespace: 'Consumer',
      level: kafkajs.logLevel.ERROR,
      label: 'ERROR',
      log: { timestamp: '', message, ...extra },
    })
  return { error, lines }
}

describe('kafkajsLog', () => {
  it('the noise of a first join on a new cluster is not above debug', () => {
    const { error, lines } = setUp()
    error('Response GroupCoordinator(key: 10, version: 2)', { error: 'The group coordinator is not available' })
    error("Crash: KafkaJSProtocolError: The coordinator is loading and hence can't process requests for this group")
    error('Restarting the consumer in 50ms')
    assert.deepEqual(
      lines.map(({ level }) => level),
      ['debug', 'debug', 'debug'],
    )
  })

  it('other errors are warnings, one of a kind at a time, without request contents', () => {
    const { error, lines } = setUp()
    for (let turn = 0; turn < 5; turn += 1)
      error('Connection error', { broker: 'b:1', payload: 'secret', stack: 'long' })
    assert.equal(lines.length, 1)
    assert.equal(lines[0]?.['level'], 'warn')
    assert.equal(lines[0]?.['broker'], 'b:1')
    assert.doesNotMatch(JSON.stringify(lines), /secret|long/)
  })
})
