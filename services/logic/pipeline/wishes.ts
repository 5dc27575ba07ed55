import { create } from '@bufbuild/protobuf'
import { StateWishSchema, type StateWish } from '#proto/gen/gochat/conversation/v1/conversation_repo_pb.ts'
import type { Command } from '#proto/gen/gochat/upstream/v1/upstream_pb.ts'
import { hasPlaceOf, type Conversation } from './conversation.ts'
import { isLargeWith } from './delivery-class.ts'
import { targetsOf, type Item } from './item.ts'

/** What must be loaded before these items can be decided: states that are not held, or not of everyone whom it is about. */
export function wishesOf(
  items: readonly Item[],
  threshold: number,
  states: { get(conversationId: string): Conversation | undefined },
): StateWish[] {
  const wishes = new Map<string, StateWish>()
  for (const { command, fault } of items) {
    if (fault !== undefined || wishes.has(command.conversationId)) continue
    const { conversationId } = command
    const state = states.get(conversationId)
    const isWhole = state !== undefined && isTurningDirect(state, threshold)
    if (state !== undefined && !isWhole && hasPlacesFor(command, state)) continue
    wishes.set(conversationId, create(StateWishSchema, { conversationId, isWhole }))
  }
  if (wishes.size > 0) name(items, wishes)
  return [...wishes.values()]
}

/** Also whoever is held: what is loaded may turn out to be newer, and takes the place of what is held. */
function name(items: readonly Item[], wishes: ReadonlyMap<string, StateWish>): void {
  const named = new Map<string, Set<string>>()
  for (const { command, fault } of items) {
    if (fault !== undefined || !wishes.has(command.conversationId)) continue
    const users = named.get(command.conversationId) ?? new Set<string>()
    named.set(command.conversationId, users.add(command.actorId))
    for (const userId of targetsOf(command)) users.add(userId)
  }
  for (const [conversationId, users] of named) wishes.get(conversationId)?.userIds.push(...users)
}

function isTurningDirect({ isLarge, isWhole, memberCount }: Conversation, threshold: number): boolean {
  return isLarge && !isWhole && !isLargeWith(threshold, memberCount, isLarge)
}

function hasPlacesFor(command: Command, state: Conversation): boolean {
  if (!hasPlaceOf(state, command.actorId)) return false
  return state.isWhole || targetsOf(command).every((userId) => hasPlaceOf(state, userId))
}
