import { testBusContract } from '#infra/kafka/contract.ts'
import { createKafkaBus } from '#infra/kafka/index.ts'
import { silentLogger, stackEnv, testMetrics } from '#infra/testing/index.ts'

testBusContract('kafkajs on the real broker', () =>
  createKafkaBus({ brokers: stackEnv().kafkaBrokers, clientId: 'test', log: silentLogger(), metrics: testMetrics() }),
)
