import { Type } from 'typebox'
import { kafkaConfig } from '#infra/config/index.ts'

/** What gateway, logic and everything else that sends to gateways must agree on. */
export const deliveryConfig = Type.Object({
  GOCHAT_UPSTREAM_PARTITIONS: Type.Integer({
    minimum: 1,
    maximum: 1024,
    default: 8,
    description:
      'Partitions of gochat.upstream. Chosen once: never change it on a deployment that holds conversations.',
  }),
  GOCHAT_SLOTS: Type.Integer({
    minimum: 1,
    maximum: 1024,
    default: 16,
    description: 'How many gateways there can be at a time; each has a topic gochat.downstream.<slot>.',
  }),
  GOCHAT_ROUTE_TTL_SECONDS: Type.Integer({
    minimum: 10,
    maximum: 3600,
    default: 60,
    description: 'How long Redis remembers which gateway a user is on; gateways refresh three times in it.',
  }),
})

/** For provision.ts, which makes the topics. */
export const provisionConfig = Type.Object({
  ...deliveryConfig.properties,
  ...kafkaConfig.properties,
  GOCHAT_KAFKA_REPLICATION_FACTOR: Type.Integer({
    minimum: 1,
    maximum: 7,
    default: 1,
    description: 'Copies of each topic. 3 in production; 1 on a single machine.',
  }),
})
