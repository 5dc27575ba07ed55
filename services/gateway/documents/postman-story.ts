/** One request of the story that the collection tells. */
export interface Scene {
  readonly operationId: string
  readonly name: string
  readonly status: number
  /** For the fields of the path and the query. A value may hold `{{variables}}`. */
  readonly fields?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, unknown>>
  /** Variable → the field of the answer that it keeps for later scenes. */
  readonly keep?: Readonly<Record<string, string>>
  /** Whose token; Alice's by default. */
  readonly as?: 'bob'
  /** JavaScript that runs before. */
  readonly before?: string
}

export interface Chapter {
  readonly name: string
  readonly scenes: readonly Scene[]
}

const commandId = '{{$guid}}'
const password = 'correct horse battery staple'
const message = (text: string) => ({ clientMessageId: '{{$guid}}', type: 'text', body: { text } })

/**
 * A newcomer's first minutes. Operations that are not told of here are added behind it with a request made of their schema;
 * one for which none can be made must be told of.
 */
export const story: readonly Chapter[] = [
  {
    name: '1. Accounts',
    scenes: [
      { operationId: 'getLimits', name: 'What does this server take?', status: 200 },
      {
        operationId: 'register',
        name: 'Register Alice',
        status: 201,
        before: "pm.collectionVariables.set('run', pm.variables.replaceIn('{{$guid}}'))",
        body: { name: 'alice-{{run}}', password, displayName: 'Alice', deviceId: 'postman' },
        keep: { token: 'accessToken', aliceId: 'user.id' },
      },
      {
        operationId: 'register',
        name: 'Register Bob',
        status: 201,
        body: { name: 'bob-{{run}}', password },
        keep: { bobToken: 'accessToken', bobId: 'user.id' },
      },
      { operationId: 'register', name: 'A name is taken', status: 409, body: { name: 'bob-{{run}}', password } },
      {
        operationId: 'login',
        name: 'Log in as Alice',
        status: 200,
        body: { name: 'alice-{{run}}', password, deviceId: 'postman' },
        keep: { token: 'accessToken', refreshToken: 'refreshToken' },
      },
      { operationId: 'getMe', name: 'Who am I?', status: 200 },
      { operationId: 'changeMe', name: 'Change what others see', status: 200, body: { displayName: 'Alice B.' } },
      { operationId: 'findUser', name: 'Find Bob by name', status: 200, fields: { name: 'bob-{{run}}' } },
      { operationId: 'getUser', name: 'Bob by id', status: 200, fields: { userId: '{{bobId}}' } },
    ],
  },
  {
    name: '2. A direct conversation',
    scenes: [
      {
        operationId: 'openDirect',
        name: 'Open it',
        status: 201,
        body: { commandId, userId: '{{bobId}}' },
        keep: { conversationId: 'id' },
      },
      { operationId: 'openDirect', name: 'It is there already', status: 200, body: { commandId, userId: '{{bobId}}' } },
      {
        operationId: 'sendMessage',
        name: 'Send a message',
        status: 201,
        fields: { conversationId: '{{conversationId}}' },
        body: { ...message('Hello Bob!'), clientMessageId: 'hello' },
        keep: { seq: 'seq' },
      },
      {
        operationId: 'sendMessage',
        name: 'The same id again: stored once',
        status: 200,
        fields: { conversationId: '{{conversationId}}' },
        body: { ...message('Hello Bob!'), clientMessageId: 'hello' },
      },
      {
        operationId: 'getHistory',
        name: 'Bob reads the history',
        status: 200,
        as: 'bob',
        fields: { conversationId: '{{conversationId}}', afterSeq: '0', limit: '10' },
      },
      {
        operationId: 'markRead',
        name: 'Bob has read it',
        status: 204,
        as: 'bob',
        fields: { conversationId: '{{conversationId}}' },
        body: { seq: '{{seq}}' },
      },
      { operationId: 'listConversations', name: "Alice's conversations", status: 200, fields: { limit: '10' } },
      { operationId: 'sync', name: 'Where does everything stand?', status: 200, body: { have: {} } },
    ],
  },
  {
    name: '3. A group',
    scenes: [
      {
        operationId: 'createGroup',
        name: 'Make it',
        status: 201,
        body: { commandId, name: 'Tea', memberIds: [] },
        keep: { groupId: 'id' },
      },
      { operationId: 'getGroup', name: 'Look at it', status: 200, fields: { conversationId: '{{groupId}}' } },
      {
        operationId: 'addMembers',
        name: 'Add Bob',
        status: 200,
        fields: { conversationId: '{{groupId}}' },
        body: { commandId, userIds: ['{{bobId}}'] },
      },
      {
        operationId: 'listMembers',
        name: 'Who is in it?',
        status: 200,
        fields: { conversationId: '{{groupId}}', limit: '10' },
      },
      {
        operationId: 'leaveGroup',
        name: 'Bob leaves',
        status: 200,
        as: 'bob',
        fields: { conversationId: '{{groupId}}' },
        body: { commandId },
      },
      {
        operationId: 'addMembers',
        name: 'Add Bob again',
        status: 200,
        fields: { conversationId: '{{groupId}}' },
        body: { commandId, userIds: ['{{bobId}}'] },
      },
      {
        operationId: 'removeMember',
        name: 'Remove Bob',
        status: 200,
        fields: { conversationId: '{{groupId}}', userId: '{{bobId}}', commandId },
      },
    ],
  },
  {
    name: '4. On to the WebSocket',
    scenes: [{ operationId: 'issueTicket', name: 'A ticket for a browser', status: 201 }],
  },
  {
    name: '5. Sessions and devices',
    scenes: [
      {
        operationId: 'refresh',
        name: 'Exchange the refresh token',
        status: 200,
        body: { refreshToken: '{{refreshToken}}' },
        keep: { token: 'accessToken', refreshToken: 'refreshToken' },
      },
      {
        operationId: 'login',
        name: 'Log in as Bob on an old phone',
        status: 200,
        body: { name: 'bob-{{run}}', password, deviceId: 'old-phone' },
      },
      { operationId: 'listDevices', name: 'Where is Bob logged in?', status: 200, as: 'bob' },
      {
        operationId: 'nameDevice',
        name: 'Call the phone something',
        status: 200,
        as: 'bob',
        fields: { deviceId: 'old-phone' },
        body: { name: 'The old phone' },
      },
      {
        operationId: 'revokeDevice',
        name: 'Log the phone out',
        status: 204,
        as: 'bob',
        fields: { deviceId: 'old-phone' },
      },
      {
        operationId: 'changePassword',
        name: 'Another password for Bob',
        status: 204,
        as: 'bob',
        body: { oldPassword: password, newPassword: 'incorrect horse battery staple' },
      },
      { operationId: 'logout', name: 'Bob logs out', status: 204, as: 'bob' },
      { operationId: 'enterAsGuest', name: 'Look in as a guest', status: 201, body: { displayName: 'A visitor' } },
    ],
  },
]
