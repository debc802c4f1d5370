import type { Message } from '@ag-ui/client'
import { describe, expect, it } from 'vitest'
import { testAgent } from '../../../src/agents/kit/test-agent.ts'
import { ANSWER } from '../suite/agent-case.ts'
import { cozeCase } from './case.ts'
import { BOT, begun, frame, IDS, KEY, piece } from './fake-coze.ts'
import { useCoze } from './use-coze.ts'

const user = (id: string, content: string): Message => ({ id, role: 'user', content })
const assistant = (id: string, content: string): Message => ({ id, role: 'assistant', content })

const THREE = [
  { id: 's', role: 'system', content: 'Be short.' } as Message,
  user('1', 'How far is the moon?'),
  assistant('2', 'Far.'),
  user('3', 'How far exactly?'),
]

const HISTORY = [
  { role: 'user', type: 'question', content: 'How far is the moon?', content_type: 'text' },
  { role: 'assistant', type: 'answer', content: 'Far.', content_type: 'text' },
  { role: 'user', type: 'question', content: 'How far exactly?', content_type: 'text' },
]

const notices = (events: { type: string; name?: unknown }[]) => events.filter(({ name }) => name === 'notice')

describe('a conversation of Coze', () => {
  it('is remembered as soon as Coze names it, and its chat until it has ended', async () => {
    const { memory, run, fake } = await useCoze()
    await run()
    expect(memory.values[0]).toMatchObject({ conversation_id: 'conversation-1', chat_id: 'chat-2' })
    expect(memory.value).toEqual({ conversation_id: 'conversation-1', bot_id: BOT, api_base: fake.url })
  })

  it('gets all that was said when it is new, and then the last thing alone', async () => {
    const { run, chats } = await useCoze()
    await run({ input: { messages: THREE } })
    await run({ input: { messages: [...THREE, assistant('4', ANSWER), user('5', 'And the sun?')] } })
    const [first, second] = chats()
    expect(first?.query.get('conversation_id')).toBeNull()
    expect(first?.headers.authorization).toBe(`Bearer ${KEY}`)
    expect(first?.body).toEqual({
      bot_id: BOT,
      user_id: 'test-thread',
      stream: true,
      auto_save_history: true,
      additional_messages: HISTORY,
    })
    expect(second?.query.get('conversation_id')).toBe('conversation-1')
    expect(second?.body.additional_messages).toEqual([
      { role: 'user', type: 'question', content: 'And the sun?', content_type: 'text' },
    ])
  })

  it('ends with the question, whatever was said after it', async () => {
    const { run, chats } = await useCoze()
    await run({ input: { messages: [...THREE, assistant('4', 'Let me see.')] } })
    expect(chats()[0]?.body.additional_messages).toEqual(HISTORY)
  })

  it('is a new one each time where Coze keeps none, and gets at most 100 messages', async () => {
    const { run, chats, memory } = await useCoze({ auto_save_history: false })
    const long = Array.from({ length: 150 }, (_, at) => user(`${at}`, `message ${at}`))
    await run({ input: { messages: THREE } })
    await run({ input: { messages: long } })
    const [first, second] = chats()
    expect(first?.body).toMatchObject({ auto_save_history: false, additional_messages: HISTORY })
    expect(second?.query.get('conversation_id')).toBeNull()
    expect(second?.body.additional_messages).toHaveLength(100)
    expect(second?.body.additional_messages.at(-1)).toMatchObject({ content: 'message 149' })
    expect(memory.values).toEqual([])
  })

  it('is not begun anew once the bot has answered: that would be told twice', async () => {
    const { platform, run, chats } = await useCoze()
    await run()
    const failed = frame('conversation.chat.failed', { last_error: { code: 4002, msg: 'gone' } })
    platform.streams = [[...begun(IDS), piece(IDS, 'The moon'), failed]]
    const { terminal, text } = await run()
    expect(terminal).toMatchObject({ type: 'RUN_ERROR', code: '4002' })
    expect(text).toBe('The moon')
    expect(chats()).toHaveLength(2)
  })

  it('is not that of another bot', async () => {
    const { run, chats } = await useCoze()
    await run({}, { bot_id: 'another' })
    await run()
    expect(chats().map(({ query }) => query.get('conversation_id'))).toEqual([null, null])
  })

  it('is not taken from a memory that is none', async () => {
    const { run, chats, memory } = await useCoze()
    memory.set({ conversation_id: 42, pending: 'x' })
    await run()
    expect(chats()[0]?.query.get('conversation_id')).toBeNull()
  })

  it('that Coze has lost is begun anew with the history, and a notice before the answer', async () => {
    const { platform, run, chats, memory } = await useCoze()
    await run()
    platform.forget()
    const { events, text } = await run({ input: { messages: THREE } })
    expect(text).toBe(ANSWER)
    expect(notices(events)).toMatchObject([{ value: { code: 'CONVERSATION_LOST' } }])
    expect(events[1]).toMatchObject({ name: 'notice' })
    expect(chats().at(-1)?.query.get('conversation_id')).toBeNull()
    expect(chats().at(-1)?.body.additional_messages).toEqual(HISTORY)
    expect(memory.value?.conversation_id).toBe('conversation-3')
  })

  it.each([
    ['Requested resource conversation_id=1 does not exist.', 1],
    ['Requested resource bot_id=1 does not exist.', 0],
  ])('is lost by 4200 where it is not the bot that is: %s', async (msg, lost) => {
    const { platform, run } = await useCoze()
    await run()
    platform.refusals = [{ code: 4200, msg }]
    const { events, terminal } = await run()
    expect(notices(events)).toHaveLength(lost)
    expect(terminal).toMatchObject(lost ? { type: 'RUN_FINISHED' } : { type: 'RUN_ERROR', code: '4200' })
  })
})

describe('a chat that this thread left running', () => {
  it('is cancelled, and the next one begun', async () => {
    const { platform, run, chats } = await useCoze()
    platform.play('cut')
    expect((await run()).terminal).toMatchObject({ code: 'PLATFORM_UNREACHABLE' })
    platform.play('answer')
    const { text } = await run()
    expect(text).toBe(ANSWER)
    expect(platform.stopped).toEqual(['chat-2'])
    // The first, the one that was refused, and the second.
    expect(chats()).toHaveLength(3)
  })

  it('is cancelled where Coze tells of it in the stream', async () => {
    const { platform, run } = await useCoze()
    platform.play('cut')
    await run()
    platform.play('answer')
    platform.running.clear()
    platform.streams = [[frame('error', { code: 4016, msg: 'Conversation occupied.' })]]
    const { text } = await run()
    expect(text).toBe(ANSWER)
  })

  it('is tried against once more, not for ever', async () => {
    const { platform, run, chats } = await useCoze()
    platform.play('cut')
    await run()
    platform.play('answer')
    platform.refusals = [1, 2].map(() => ({ code: 4016, msg: 'Conversation occupied.' }))
    const { terminal } = await run()
    expect(terminal).toMatchObject({ type: 'RUN_ERROR', code: '4016' })
    expect(chats()).toHaveLength(3)
  })

  it('of which it does not know is an error that says what to do', async () => {
    const { platform, run, chats, memory } = await useCoze()
    await run()
    platform.running.set(String(memory.value?.conversation_id), 'another')
    const { terminal } = await run()
    expect(terminal).toMatchObject({ type: 'RUN_ERROR', code: '4016' })
    expect(terminal.message).toContain('wait until it has ended')
    expect(chats()).toHaveLength(2)
  })
})

describe('what a bot is told', () => {
  it('has the settings’ variables, and those of the thread, which last', async () => {
    const { run, chats, memory } = await useCoze({
      variables: { city: 'Paris', mood: 'calm' },
      parameters: { user: { id: 1 } },
      user_id: 'one-for-all',
    })
    await run()
    await run({ input: { forwardedProps: { variables: { city: 'Rome', days: 3, list: ['a'] } } } })
    await run()
    const written = memory.values.length
    await run({ input: { forwardedProps: { variables: { city: 'Rome', days: 3, list: ['a'] } } } })
    // That its chat begins and ends, and nothing of variables that are as they were.
    expect(memory.values).toHaveLength(written + 2)
    const bodies = chats().map(({ body }) => body)
    const overridden = { city: 'Rome', mood: 'calm', days: '3', list: '["a"]' }
    expect(bodies.map(({ custom_variables }) => custom_variables)).toEqual([
      { city: 'Paris', mood: 'calm' },
      overridden,
      overridden,
      overridden,
    ])
    expect(bodies[0]).toMatchObject({ parameters: { user: { id: 1 } }, user_id: 'one-for-all' })
  })

  it('has files: uploaded where they came as bytes, by address where they have one', async () => {
    const { run, chats, asked, platform } = await useCoze()
    const content = [
      { type: 'text', text: 'What is this?' },
      { type: 'image', source: { type: 'data', value: 'YWJj', mimeType: 'image/jpeg' } },
      { type: 'image', source: { type: 'url', value: 'https://example.com/moon.png' } },
      {
        type: 'binary',
        mimeType: 'application/pdf',
        url: 'data:application/pdf;base64,YWJj',
        filename: 'a.pdf',
      },
      { type: 'audio', source: { type: 'url', value: 'https://example.com/moon.wav' } },
    ]
    const messages = [{ id: '1', role: 'user', content }] as never as Message[]
    await run()
    platform.forget()
    await run({ input: { messages } })
    const sent = chats().at(-1)?.body.additional_messages
    expect(sent).toMatchObject([{ role: 'user', type: 'question', content_type: 'object_string' }])
    expect(JSON.parse(sent[0].content)).toEqual([
      { type: 'text', text: 'What is this?' },
      { type: 'image', file_id: 'file-3' },
      { type: 'image', file_url: 'https://example.com/moon.png' },
      { type: 'file', file_id: 'file-4' },
      { type: 'audio', file_url: 'https://example.com/moon.wav' },
    ])
    // Once each, though the chat was asked for twice.
    const uploads = asked('/v1/files/upload')
    expect(uploads).toHaveLength(2)
    expect(uploads[0]?.headers['content-type']).toContain('multipart/form-data')
    expect(uploads[0]?.body).toMatch(
      /name="file"; filename="image\.jpg"\r\nContent-Type: image\/jpeg\r\n\r\nabc\r\n/,
    )
    expect(uploads[1]?.body).toContain('filename="a.pdf"')
  })

  it('needs somebody who asks', async () => {
    const { run, fake } = await useCoze()
    const { terminal } = await run({ input: { messages: [assistant('1', 'Hello')] } })
    expect(terminal).toMatchObject({ type: 'RUN_ERROR', code: 'INPUT_INVALID' })
    expect(fake.requests).toEqual([])
  })
})

it('runs without a worker, and remembers in the process', async () => {
  const { fake } = await useCoze()
  const agent = cozeCase.make(fake.url)
  await testAgent(agent)
  const { text } = await testAgent(agent)
  expect(text).toBe(ANSWER)
})
