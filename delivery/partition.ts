/**
 * Which partition of gochat.upstream a conversation's commands go to: FNV-1a (32 bit) over the id's ASCII digits.
 * It may never change, and neither may the number of partitions of a running deployment: one conversation in two
 * partitions would have two writers.
 */
export function partitionOf(conversationId: string, partitions: number): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < conversationId.length; index += 1) {
    hash = Math.imul(hash ^ conversationId.charCodeAt(index), 0x01000193)
  }
  return (hash >>> 0) % partitions
}
