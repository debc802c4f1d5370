import { describe, expect, it } from 'vitest'
import { BailianAgent } from '../../../src/agents/bailian/bailian-agent.ts'
import { testAgent } from '../../../src/agents/kit/test-agent.ts'
import { ANSWER } from '../suite/agent-case.ts'
import { API_KEY, APP_ID } from './fake-bailian.ts'
import { custom } from './mapped.ts'
import { history, memoryWith, settingsFor, useBailian } from './use-bailian.ts'

const HOUR = 3_600_000

const said = [
  { role: 'user', content: 'How far is the moon?' },
  { role: 'assistant', content: 'Far.' },
  { role: 'user', content: 'How far exactly?' },
]

describe('a conversation', () => {
  it.each(['agent', 'dialog-workflow'])('of type %s goes on in its session', async (app_type) => {
    const { run, bodies, platform, memory } = await useBailian({ app_type })
    await run('One')
    await run('How far exactly?', { input: history('How far exactly?') })
    expect(platform.conversations).toEqual([null, memory.value?.session_id])
    expect(bodies()[1].input).toEqual({ prompt: 'How far exactly?', session_id: memory.value?.session_id })
  })

  it.each(['agent-arrange', 'task-workflow'])('of type %s has one turn only', async (app_type) => {
    const { run, bodies, platform, memory } = await useBailian({ app_type })
    await run('One')
    await run('Two', { input: history('Two') })
    expect(platform.conversations).toEqual([null, null])
    expect(bodies()[1].input).toEqual({ prompt: 'Two' })
    expect(memory.value).toBeUndefined()
  })

  it('is kept as soon as the platform names its session, also where the run fails', async () => {
    const { run, platform, memory } = await useBailian()
    platform.play('no-terminal')
    const { terminal } = await run('One')
    expect(terminal).toMatchObject({ type: 'RUN_ERROR', code: 'INCOMPLETE_STREAM' })
    expect(memory.value).toMatchObject({ session_id: expect.any(String), app_id: APP_ID })
  })

  it('that is forgotten, as documented after an hour, goes on with the messages so far', async () => {
    const { run, bodies } = await useBailian()
    const memory = memoryWith({ app_id: APP_ID, session_id: 's-old', used_at: Date.now() - HOUR })
    const { events, text } = await run('', { memory, input: history('How far exactly?') })
    expect(text).toBe(ANSWER)
    expect(bodies()).toEqual([expect.objectContaining({ input: { messages: said } })])
    expect(custom(events, 'notice')).toEqual([
      { code: 'CONVERSATION_LOST', message: expect.stringContaining('with the messages so far') },
    ])
    expect(events.findIndex(({ name }) => name === 'notice')).toBeLessThan(
      events.findIndex(({ type }) => type === 'TEXT_MESSAGE_START'),
    )
    // What messages bring along is not documented to be in the session, so they go along from now on.
    const again = await run('', { memory, input: history('How far exactly?') })
    expect(bodies()[1].input).toEqual({ messages: said })
    expect(custom(again.events, 'notice')).toEqual([])
  })

  it('that is younger is in its session still', async () => {
    const { run, platform } = await useBailian()
    const memory = memoryWith({ app_id: APP_ID, session_id: 's-old', used_at: Date.now() - HOUR + 60_000 })
    await run('Two', { memory })
    expect(platform.conversations).toEqual(['s-old'])
  })

  it('that the platform refuses to know is begun anew, with the messages so far', async () => {
    const { run, platform, bodies } = await useBailian()
    platform.forget('refuses')
    const memory = memoryWith({ app_id: APP_ID, session_id: 's-old', used_at: Date.now() })
    const { events, text, terminal } = await run('', { memory, input: history('How far exactly?') })
    expect(terminal.type).toBe('RUN_FINISHED')
    expect(text).toBe(ANSWER)
    expect(bodies().map(({ input }) => input)).toEqual([
      { prompt: 'How far exactly?', session_id: 's-old' },
      { messages: said },
    ])
    expect(custom(events, 'notice')).toHaveLength(1)
    expect(memory.value).not.toHaveProperty('session_id')
  })

  it('that is lost with nothing said before is a new session', async () => {
    const { run, platform, memory: kept } = await useBailian()
    const memory = memoryWith({ app_id: APP_ID, session_id: 's-old', own_history: true, used_at: 0 })
    await run('One', { memory })
    await run('Two', { memory: kept })
    expect(memory.value).toMatchObject({ session_id: expect.any(String) })
    expect(memory.value).not.toHaveProperty('own_history')
    expect(platform.conversations).toEqual([null, null])
  })

  it('is not begun anew for other refusals', async () => {
    const { run, platform } = await useBailian()
    const memory = memoryWith({ app_id: APP_ID, session_id: 's-old', used_at: Date.now() })
    platform.play('server-error')
    const { terminal } = await run('Two', { memory })
    expect(terminal).toMatchObject({ type: 'RUN_ERROR', code: 'InternalError' })
    expect(platform.conversations).toEqual(['s-old'])
  })

  it('that the platform begins anew by itself says so, and has the messages along from then on', async () => {
    const { run, platform, bodies } = await useBailian()
    platform.forget('begins anew')
    const memory = memoryWith({ app_id: APP_ID, session_id: 's-old', used_at: Date.now() })
    const { events } = await run('', { memory, input: history('How far exactly?') })
    expect(custom(events, 'notice')).toMatchObject([{ code: 'CONVERSATION_LOST' }])
    await run('', { memory, input: history('How far exactly?') })
    expect(bodies()[1].input).toEqual({ messages: said })
  })

  it('of another application is none of this one', async () => {
    const { run, platform, bodies } = await useBailian()
    const memory = memoryWith({
      app_id: 'another',
      session_id: 's-old',
      used_at: Date.now(),
      variables: { a: 1 },
    })
    await run('', { memory, input: history('How far exactly?') })
    expect(platform.conversations).toEqual([null])
    expect(bodies()[0].input).toEqual({ messages: said, biz_params: { a: 1 } })
  })

  it('counts a memory that is none of its own as nothing', async () => {
    const { run, platform } = await useBailian()
    const { terminal } = await run('One', { memory: memoryWith({ session_id: 7, conversation_id: 'c' }) })
    expect(terminal.type).toBe('RUN_FINISHED')
    expect(platform.conversations).toEqual([null])
  })

  it('is as long as a session at most, and begins with a person', async () => {
    const { run, bodies } = await useBailian()
    const rounds = Array.from({ length: 201 }, (_, at) => ({
      id: `m${at}`,
      role: at % 2 === 0 ? ('user' as const) : ('assistant' as const),
      content: `${at}`,
    }))
    const tool = { id: 't', role: 'tool' as const, toolCallId: 'c', content: 'x' }
    await run('', { input: { messages: [...rounds.slice(0, 150), tool, ...rounds.slice(150)] } })
    const { messages } = bodies()[0].input
    expect(messages).toHaveLength(101)
    expect(messages[0]).toEqual({ role: 'user', content: '100' })
    expect(messages.at(-1)).toEqual({ role: 'user', content: '200' })
  })
})

describe('variables', () => {
  it('are biz_params; a run overrides them for its thread', async () => {
    const { run, bodies, fake } = await useBailian({ variables: { city: 'Rome', unit: 'km' } })
    await run('One')
    await run('Two', { input: { forwardedProps: { variables: { city: 'Oslo' } } } })
    await run('Three')
    await testAgent(new BailianAgent(settingsFor(fake.url, { variables: { city: 'Rome' } })))
    expect(bodies().map(({ input }) => input.biz_params)).toEqual([
      { city: 'Rome', unit: 'km' },
      { city: 'Oslo', unit: 'km' },
      { city: 'Oslo', unit: 'km' },
      { city: 'Rome' },
    ])
  })

  it('are remembered where an application has no sessions, and where the run fails', async () => {
    const { run, bodies, platform } = await useBailian({ app_type: 'task-workflow' })
    platform.play('server-error')
    await run('One', { input: { forwardedProps: { variables: { city: 'Oslo' } } } })
    await run('Two')
    expect(bodies()[1].input.biz_params).toEqual({ city: 'Oslo' })
  })

  it('that are no object are passed over', async () => {
    const { run, bodies } = await useBailian()
    const { terminal } = await run('One', { input: { forwardedProps: { variables: ['a'] } } })
    expect(terminal.type).toBe('RUN_FINISHED')
    expect(bodies()[0].input).toEqual({ prompt: 'One' })
  })

  it('have tokens that no message repeats', async () => {
    const token = 'plug-in-token-1'
    const { run, platform } = await useBailian({
      variables: { user_defined_tokens: { t: { user_token: token } } },
    })
    platform.script(() => [`data:{"code":"InvokePluginFailed","message":"Bad ${token} and ${API_KEY}"}`])
    const { terminal, events } = await run('One')
    expect(terminal).toMatchObject({
      code: 'InvokePluginFailed',
      message: expect.stringContaining('Bad … and …'),
    })
    expect(JSON.stringify(events)).not.toContain(token)
  })
})
