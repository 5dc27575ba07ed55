import type { Component } from './component.ts'
import { Conversation, ConversationSummary, Entry, Group, Member, Outcome } from './conversation.ts'
import { Failure } from './failures.ts'
import { PublishedLimits, Ticket } from './gateway.ts'
import { Head, Stored } from './message.ts'
import { Redrive, Task, TaskDetail } from './task.ts'
import { Device, Session, User } from './user.ts'

/** Everything that routes refer to by name. */
export const components: readonly Component[] = [
  Failure,
  User,
  Session,
  Device,
  Conversation,
  ConversationSummary,
  Entry,
  Group,
  Member,
  Outcome,
  Stored,
  Head,
  Ticket,
  PublishedLimits,
  Task,
  TaskDetail,
  Redrive,
]
