import { decode } from '#infra/protobuf/index.ts'
import { TaskRecordSchema, type PoisonFound, type SettleDue } from '#proto/gen/gochat/task/v1/task_pb.ts'

export type DecodedTask =
  | { readonly case: 'poisonFound'; readonly value: PoisonFound }
  | { readonly case: 'settleDue'; readonly value: SettleDue }

const id = /^[1-9][0-9]{0,19}$/

/** The tasks of a record; or, for the record as a whole, why nothing can be done with it. */
export function decodeTasks(value: Buffer): readonly DecodedTask[] | string {
  const tasks: DecodedTask[] = []
  try {
    for (const { body } of decode(TaskRecordSchema, value).tasks) {
      // Made by a newer process: redriven once this one is as new.
      if (body.case === undefined) return 'kind'
      // It becomes part of a workflow's id.
      if (body.case === 'settleDue' && !id.test(body.value.conversationId)) return 'conversation_id'
      tasks.push(body)
    }
  } catch {
    return 'undecodable'
  }
  return tasks
}
