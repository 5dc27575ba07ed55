import type { HeardMarks } from '#delivery/heard.ts'
import type { RouteReader } from '#delivery/routes.ts'
import type { SettlingMarks } from '#delivery/settling.ts'
import type { SlotView } from '#delivery/slot-view.ts'
import type { Transport } from '#delivery/transport.ts'
import type { Metrics } from '#infra/metrics/index.ts'
import type { Client } from '#infra/rpc/index.ts'
import type { MessageRepo } from '#proto/gen/gochat/message/v1/message_repo_pb.ts'
import type { FanoutRepo } from '#proto/gen/gochat/task/v1/fanout_repo_pb.ts'
import type { PoisonRepo } from '#proto/gen/gochat/task/v1/poison_repo_pb.ts'
import type { TaskService } from '#proto/gen/gochat/task/v1/task_service_pb.ts'
import type { Pace } from './pace.ts'
import type { PushStage } from './push-stage.ts'

/** What activities work with. */
export interface ActivityDeps {
  readonly fanout: Client<typeof FanoutRepo>
  readonly messages: Client<typeof MessageRepo>
  readonly poison: Client<typeof PoisonRepo>
  readonly tasks: Client<typeof TaskService>
  readonly routes: RouteReader
  readonly slots: SlotView
  readonly heard: HeardMarks
  readonly settling: SettlingMarks
  readonly transport: Transport
  readonly push: PushStage
  readonly metrics: Metrics
  /** Default: `defaultPace`. */
  readonly pace?: Pace
}
