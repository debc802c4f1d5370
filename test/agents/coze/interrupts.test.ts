import { describe, expect, it } from 'vitest'
import type { CozeAgent } from '../../../src/agents/coze/coze-agent.ts'
import { ANSWER } from '../suite/agent-case.ts'
import { cozeCase } from './case.ts'
import { begun, completed, frame, IDS, message, piece, required } from './fake-coze.ts'
import { fixture } from './fixture.ts'
import { useCoze } from './use-coze.ts'

const call = (id: string, name: string) => ({
  id,
  type: 'function',
  function: { name, arguments: '{"at":"Henan"}' },
})

const WAITING = [...begun(IDS), ...required(IDS, [call('call-1', 'rain'), call('call-2', 'wind')])]
const ASKING = [
  ...begun(IDS),
  piece(IDS, 'Which city?'),
  message(IDS, 'answer', 'Which city?'),
  ...required(IDS, [{ id: '', type: 'reply_message', function: null }]),
]
const GOING_ON = [
  message(IDS, 'tool_response', '{"probability":0.5}'),
  message(IDS, 'tool_response', 'calm'),
  piece(IDS, 'It may rain.'),
  ...completed(IDS),
]

/** A thread whose chat waits. */
const useWaiting = async (stream: string[], settings = {}) => {
  const used = await useCoze(settings)
  used.platform.streams = [stream]
  const first = await used.run()
  const submitted = () => used.asked('/v3/chat/submit_tool_outputs')
  const resume = first.interrupts.map(({ id }) => ({
    interruptId: id,
    status: 'resolved' as const,
    payload: 'calm',
  }))
  return { ...used, first, submitted, resume }
}

describe('calls that the client answers', () => {
  it('end the run with one interrupt each, and go on with their results on any worker', async () => {
    const { first, platform, run, submitted, resume, memory } = await useWaiting(WAITING)
    expect(first.terminal).toMatchObject({ type: 'RUN_FINISHED', outcome: { type: 'interrupt' } })
    expect(first.interrupts.map(({ reason }) => reason)).toEqual(['tool_call', 'tool_call'])
    expect(memory.value).toMatchObject({ pending: { chat_id: 'chat-2', conversation_id: 'conversation-1' } })
    platform.streams = [GOING_ON]
    const [rain] = resume
    const { events, text, terminal } = await run({
      input: { runId: 'second', resume: [{ ...rain!, payload: { probability: 0.5 } }, resume[1]!] },
    })
    expect(terminal).toMatchObject({ type: 'RUN_FINISHED' })
    expect(text).toBe('It may rain.')
    const [request] = submitted()
    expect(Object.fromEntries(request!.query)).toEqual({
      conversation_id: 'conversation-1',
      chat_id: 'chat-2',
    })
    expect(request?.body).toEqual({
      stream: true,
      auto_save_history: true,
      tool_outputs: [
        { tool_call_id: 'call-1', output: '{"probability":0.5}' },
        { tool_call_id: 'call-2', output: 'calm' },
      ],
    })
    // On the ids of the first run, once each: Coze repeats them.
    const results = events.filter(({ type }) => type === 'TOOL_CALL_RESULT')
    expect(results.map(({ toolCallId, content }) => [toolCallId, content])).toEqual([
      [first.interrupts[0]?.toolCallId, '{"probability":0.5}'],
      [first.interrupts[1]?.toolCallId, 'calm'],
    ])
    expect(events.filter(({ type }) => type === 'TOOL_CALL_START')).toEqual([])
    expect(memory.value).not.toHaveProperty('pending')
    expect(memory.value).not.toHaveProperty('chat_id')
  })

  it('go through the documentation’s example', async () => {
    const { first, platform, run, submitted, resume } = await useWaiting(fixture('requires-action'))
    expect(first.interrupts).toHaveLength(1)
    platform.know('7434368393420996671')
    platform.streams = [fixture('submitted')]
    const { text } = await run({ input: { resume: [{ ...resume[0]!, payload: { probability: 0.5 } }] } })
    expect(text).toBe('河南的降水概率为50%。')
    expect(submitted()[0]?.query.get('chat_id')).toBe('7434369946098090003')
    expect(submitted()[0]?.body.tool_outputs).toEqual([
      {
        tool_call_id: 'BUJJS0JKQ0dHR0VeFkNCQF5HEEZBXhJFEUJeEhFCRkESSktDREISSUI=',
        output: '{"probability":0.5}',
      },
    ])
  })

  it('may be left without a result', async () => {
    const { run, submitted, resume } = await useWaiting(WAITING)
    await run({ input: { resume: [resume[0]!, { ...resume[1]!, status: 'cancelled' }] } })
    expect(submitted()[0]?.body.tool_outputs).toEqual([
      { tool_call_id: 'call-1', output: 'calm' },
      { tool_call_id: 'call-2', output: '{"status":"cancelled"}' },
    ])
  })

  it('may be answered by tool messages', async () => {
    const { run, submitted, first } = await useWaiting(WAITING)
    const messages = first.interrupts.map(({ toolCallId }, at) => ({
      id: `result-${at}`,
      role: 'tool' as const,
      toolCallId: toolCallId!,
      content: `result ${at}`,
    }))
    await run({ input: { messages: [...first.messages, ...messages] } })
    expect(submitted()[0]?.body.tool_outputs.map(({ output }: { output: string }) => output)).toEqual([
      'result 0',
      'result 1',
    ])
  })

  it.each(['as JSON', 'in the stream'])('that Coze refuses %s can be answered again', async (how) => {
    const { platform, run, submitted, resume } = await useWaiting(WAITING)
    const refusal = { code: 5000, msg: 'Try again.' }
    if (how === 'as JSON') platform.refusals = [refusal]
    else platform.streams = [[frame('error', refusal)]]
    const failed = await run({ input: { resume } })
    expect(failed.terminal).toMatchObject({ type: 'RUN_ERROR', code: '5000' })
    expect(failed.events.filter(({ type }) => type === 'TOOL_CALL_RESULT')).toEqual([])
    expect((await run({ input: { resume } })).text).toBe(ANSWER)
    expect(submitted()).toHaveLength(2)
  })

  it('of a chat that Coze has lost are asked anew', async () => {
    const { platform, run, chats, resume, first, memory } = await useWaiting(WAITING)
    platform.forget()
    const { events, text } = await run({ input: { messages: first.messages, resume } })
    expect(text).toBe(ANSWER)
    expect(events.filter(({ name }) => name === 'notice')).toHaveLength(1)
    expect(events.filter(({ type }) => type === 'TOOL_CALL_RESULT')).toHaveLength(2)
    expect(chats().at(-1)?.query.get('conversation_id')).toBeNull()
    expect(memory.value).not.toHaveProperty('pending')
  })

  it('that nobody waits for are an error, and Coze hears nothing of it', async () => {
    const { run, fake } = await useCoze()
    const { terminal } = await run({ input: { resume: [{ interruptId: 'x', status: 'resolved' }] } })
    expect(terminal).toMatchObject({ type: 'RUN_ERROR', code: 'INPUT_INVALID' })
    expect(terminal.message).toContain('x')
    expect(fake.requests).toEqual([])
  })

  it('need a history that Coze keeps', async () => {
    const { first, memory } = await useWaiting(WAITING, { auto_save_history: false })
    expect(first.terminal).toMatchObject({ type: 'RUN_ERROR', code: 'CONFIG_INVALID' })
    expect(first.terminal.message).toContain('auto_save_history: true')
    expect(memory.values).toEqual([])
  })

  it('may be passed over: the next message is a new chat', async () => {
    const { run, chats, submitted, memory } = await useWaiting(WAITING)
    expect((await run({ message: 'Never mind.' })).text).toBe(ANSWER)
    expect(memory.value).not.toHaveProperty('pending')
    expect(submitted()).toEqual([])
    expect(chats()).toHaveLength(2)
  })

  it('go on in a run that can be stopped, and stay answered', async () => {
    const { platform, fake, memory, resume } = await useWaiting(WAITING)
    platform.play('slow')
    const agent = cozeCase.make(fake.url) as CozeAgent
    agent.useMemory(agent.threadId, memory)
    await agent.runAgent({ resume }, { onTextMessageContentEvent: () => agent.abortRun() })
    expect(platform.stopped).toEqual(['chat-2'])
    expect(memory.value).not.toHaveProperty('pending')
  })
})

describe('a question of a workflow', () => {
  it('is answered by the next message of the same conversation', async () => {
    const { first, run, chats, resume, memory } = await useWaiting(ASKING)
    expect(first.interrupts).toMatchObject([{ reason: 'input_required', message: 'Which city?' }])
    const { text } = await run({ input: { resume: [{ ...resume[0]!, payload: 'Paris' }] } })
    expect(text).toBe(ANSWER)
    expect(chats()[1]?.query.get('conversation_id')).toBe('conversation-1')
    expect(chats()[1]?.body.additional_messages).toEqual([
      { role: 'user', type: 'question', content: 'Paris', content_type: 'text' },
    ])
    expect(memory.value).not.toHaveProperty('pending')
  })

  it('stays open where its answer does not get through', async () => {
    const { platform, run, resume, chats } = await useWaiting(ASKING)
    platform.refusals = [{ code: 4009, msg: 'Busy.' }]
    const answer = { input: { resume: [{ ...resume[0]!, payload: 'Paris' }] } }
    expect((await run(answer)).terminal).toMatchObject({ code: '4009' })
    expect((await run(answer)).text).toBe(ANSWER)
    expect(chats()).toHaveLength(3)
  })

  it('may be left without an answer', async () => {
    const { run, chats, resume, memory } = await useWaiting(ASKING)
    const { terminal, text } = await run({ input: { resume: [{ ...resume[0]!, status: 'cancelled' }] } })
    expect(terminal).toMatchObject({ type: 'RUN_FINISHED' })
    expect(text).toBe('')
    expect(chats()).toHaveLength(1)
    expect(memory.value).not.toHaveProperty('pending')
  })
})
