import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { BuiltInAgent } from '../../../src/agents/built-in/built-in-agent.ts'
import { builtInSettings } from '../../../src/agents/built-in/settings.ts'
import { testAgent } from '../../../src/agents/kit/test-agent.ts'
import { providerSettings } from '../../../src/agents/providers/settings.ts'
import { ANSWER } from '../suite/agent-case.ts'
import { useFake } from '../suite/fake-server.ts'
import { fakeModel, KEY, MODEL } from './fake-model.ts'
import { fakeTools } from './fake-tools.ts'
import { continued, noticesOf, ofType, providerOf, useAgent } from './use-agent.ts'

const down = { status: 503, body: { error: { message: 'Overloaded', type: 'server_error' } } }

/** An agent with a second provider, which stands in for the first. */
const useTwo = async (options: object = {}) => {
  const second = fakeModel()
  const server = await useFake(second.handler)
  const config = { openTools: fakeTools({ look: {} }).open }
  const used = await useAgent({ ...options, fallback_providers: [providerOf(server.url)] }, config)
  return { ...used, second }
}

describe('a provider that fails before it has said anything', () => {
  it('is asked again where that may help, three times in all', async () => {
    const { model, run } = await useAgent()
    model.reply(down, { ...down, status: 429, headers: { 'retry-after': '0' } })
    expect((await run()).text).toBe(ANSWER)
    expect(model.asked).toHaveLength(3)
  })

  it('is waited for as long as it asks, and no longer than 30 s', async () => {
    const { model, run } = await useAgent()
    const limited = { ...down, status: 429, headers: { 'retry-after': '1' } }
    model.reply(limited)
    const from = performance.now()
    expect((await run()).text).toBe(ANSWER)
    expect(performance.now() - from).toBeGreaterThan(990)
    model.reply({ ...limited, headers: { 'retry-after': '31' } })
    expect((await run()).terminal).toMatchObject({ type: 'RUN_ERROR', code: 'server_error' })
    expect(model.asked).toHaveLength(3)
  })

  it.each([400, 401, 404])('is not asked the same again where that cannot help: %s', async (status) => {
    const { model, run } = await useAgent()
    model.reply({
      status,
      body: { error: { message: `No: ${KEY}`, type: 'invalid_request_error', code: null } },
    })
    const { terminal } = await run()
    expect(terminal).toMatchObject({ type: 'RUN_ERROR', code: 'invalid_request_error' })
    expect(terminal.message).toContain(String(status))
    expect(terminal.message).not.toContain(KEY)
    expect(model.asked).toHaveLength(1)
  })

  it('gives way to the next provider, for the rest of the run', async () => {
    const { model, second, run } = await useTwo({ timeout: 5 })
    model.play('unauthorized')
    second.reply({ calls: [{ name: 'look', args: '{}' }] })
    const { text, events } = await run()
    expect(text).toBe(ANSWER)
    expect(noticesOf(events)).toEqual(['PROVIDER_FALLBACK'])
    expect(second.asked).toHaveLength(2)
    expect(JSON.stringify(events)).not.toContain(KEY)
  })

  it('gives way where it is silent for longer than its timeout', async () => {
    const { model, second, run } = await useTwo({ timeout: 0.1 })
    model.reply({ after: new Promise(() => {}) })
    const { text, events } = await run()
    expect(text).toBe(ANSWER)
    expect(second.asked).toHaveLength(1)
    expect(JSON.stringify(events)).toContain('said nothing for 0.1 s')
  })

  it('names the last provider’s error where none is left', async () => {
    const { model, second, run } = await useTwo()
    model.play('unauthorized')
    second.reply({
      status: 400,
      body: { error: { message: 'Too long', type: 'x', code: 'context_length_exceeded' } },
    })
    expect((await run()).terminal).toMatchObject({ type: 'RUN_ERROR', code: 'context_length_exceeded' })
  })
})

describe('a provider that fails after it has said something', () => {
  it.each([{ reasoning: ['Let me'] }, { text: ['The'] }, { calls: [{ name: 'look', args: '{' }] }])(
    'ends the run, so that nothing is said twice: %j',
    async (said) => {
      const { model, second, run } = await useTwo()
      model.reply({ ...said, cut: true })
      const { terminal } = await run()
      expect(terminal).toMatchObject({ type: 'RUN_ERROR', code: 'PLATFORM_UNREACHABLE' })
      expect([model.asked.length, second.asked.length]).toEqual([1, 0])
    },
  )

  it('has its timeout between two pieces, not for the whole', async () => {
    const { model, run } = await useAgent({ timeout: 0.2 })
    model.reply({ text: ['a', 'b', 'c', 'd', 'e'], pauseMs: 80 })
    expect((await run()).text).toBe('abcde')
    model.reply({ text: ['a', 'b'], pauseMs: 400 })
    expect((await run()).terminal).toMatchObject({ type: 'RUN_ERROR', code: 'PLATFORM_TIMEOUT' })
  })
})

describe('a model that says nothing', () => {
  const nothing = { text: [] }

  it('is asked three times more, and each time costs', async () => {
    const { model, run } = await useAgent()
    model.reply(nothing, nothing, nothing)
    const { text, events } = await run()
    expect(text).toBe(ANSWER)
    expect(model.asked).toHaveLength(4)
    expect(ofType(events, 'CUSTOM')).toHaveLength(4)
    model.reply(nothing, nothing, nothing, nothing)
    expect((await run()).terminal).toMatchObject({ type: 'RUN_ERROR', code: 'PLATFORM_ANSWER_INVALID' })
    expect(model.asked).toHaveLength(8)
  })

  it('is not asked again where it has thought aloud', async () => {
    const { model, run } = await useAgent()
    model.reply({ reasoning: ['Nothing to say.'] })
    expect((await run()).terminal).toMatchObject({ type: 'RUN_FINISHED' })
    expect(model.asked).toHaveLength(1)
  })

  it.each([
    ['content_filter', 'content_filter'],
    ['length', 'PLATFORM_ANSWER_INVALID'],
  ])('is not asked again where that cannot help: %s', async (finish, code) => {
    const { model, run } = await useAgent()
    model.reply({ ...nothing, finish })
    expect((await run()).terminal).toMatchObject({ type: 'RUN_ERROR', code })
    expect(model.asked).toHaveLength(1)
  })
})

describe('a server that answers in its own way', () => {
  it.each<[string, object, string, string]>([
    [
      'an error as JSON under 200',
      { error: { message: 'No credit', code: 'insufficient_quota' } },
      'insufficient_quota',
      'No credit',
    ],
    ['FastAPI’s detail under 200', { detail: 'Not Found' }, 'PLATFORM_ANSWER_INVALID', 'Not Found'],
  ])('%s', async (_, body, code, said) => {
    const { model, run } = await useAgent()
    model.reply({ status: 200, body })
    const { terminal } = await run()
    expect(terminal).toMatchObject({ type: 'RUN_ERROR', code })
    expect(terminal.message).toContain(said)
  })

  it('a number as the code, as llama.cpp has it', async () => {
    const { model, run } = await useAgent()
    const error = { message: 'Invalid API Key', type: 'authentication_error', code: 401 }
    model.reply({ status: 401, body: { error } })
    expect((await run()).terminal).toMatchObject({ code: 'authentication_error' })
  })

  it('an error in the stream before anything else, as OpenRouter has it', async () => {
    const { model, run } = await useAgent()
    model.reply({ frames: ['data: {"error":{"message":"Provider disconnected","code":502}}'] })
    expect((await run()).text).toBe(ANSWER)
    expect(model.asked).toHaveLength(2)
  })

  it('a stream that is called JSON', async () => {
    const { model, fake, run } = await useAgent()
    const proxy = await useFake(async (_, answer) => {
      const stream = await fetch(`${fake.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: MODEL, stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
      })
      answer.text(await stream.text(), 200, { 'content-type': 'application/json' })
    })
    const proxied = await useAgent({ provider: providerOf(proxy.url) })
    expect((await proxied.run()).text).toBe(ANSWER)
    expect([model.asked.length, (await run()).text]).toEqual([1, ANSWER])
  })

  it('thoughts in the text, where the settings name their tag', async () => {
    const { model, run, provider } = await useAgent()
    const said = { text: ['<thi', 'nk>Let me see', '.</think>', 'The moon.'] }
    model.reply(said)
    expect((await run()).text).toBe(said.text.join(''))
    const tagged = await useAgent({ provider: { ...provider, reasoning_tag: 'think' } })
    model.reply(said)
    const { text, events } = await tagged.run()
    expect(text).toBe('The moon.')
    const thoughts = ofType(events, 'REASONING_MESSAGE_CONTENT').map(({ delta }) => delta)
    expect(thoughts.join('')).toBe('Let me see.')
  })

  it('a page in the place of an answer', async () => {
    const fake = await useFake((_, answer) => answer.text('<html>', 200, { 'content-type': 'text/html' }))
    const { run } = await useAgent({ provider: providerOf(fake.url) })
    const { terminal } = await run()
    expect(terminal).toMatchObject({ code: 'PLATFORM_ANSWER_INVALID' })
    expect(terminal.message).toContain(fake.url)
  })
})

describe('a provider from a package', () => {
  const name = fileURLToPath(new URL('./fake-provider.ts', import.meta.url))
  const make = (provider: object, config: object = {}) =>
    new BuiltInAgent(
      builtInSettings.parse({ provider: { type: 'package', ...provider }, model: 'm1', timeout: 5 }),
      config,
    )
  const runIt = async (provider: object, config: object = {}, more: object = {}) => {
    return await testAgent(make(provider, config), more)
  }

  it('is made by its factory, with key, headers and options', async () => {
    const { text } = await runIt({
      package: name,
      factory: 'createEcho',
      api_key: 'sk-secret',
      headers: { 'x-team': 'moon' },
      options: { region: 'eu' },
    })
    expect(JSON.parse(text)).toEqual({
      modelId: 'm1',
      options: { apiKey: 'sk-secret', headers: { 'x-team': 'moon' }, region: 'eu' },
    })
  })

  it('gets back, in the next run, what it signed its thoughts and calls with', async () => {
    const tools = [{ name: 'paint', description: 'Paints', parameters: { type: 'object', properties: {} } }]
    const config = { openTools: fakeTools({}).open }
    const provider = { package: name, factory: 'createSigning' }
    const first = await runIt(provider, config, { input: { tools } })
    expect(ofType(first.events, 'REASONING_ENCRYPTED_VALUE').map(({ subtype }) => subtype)).toEqual([
      'message',
      'tool-call',
    ])
    const toolCallId = ofType(first.events, 'TOOL_CALL_START')[0]?.toolCallId
    const result = { id: 'r', role: 'tool', toolCallId, content: 'Painted.' }
    const second = await runIt(provider, config, continued([...first.messages, result], { tools }))
    expect(JSON.parse(second.text)).toEqual([
      { signing: { signature: 'of a thought' } },
      { signing: { signature: 'of a call' } },
    ])
  })

  it('says its warnings to the log, and not to the console', async () => {
    const logged: string[] = []
    const warn = (message: string, fields: object) => void logged.push(message + JSON.stringify(fields))
    await runIt({ package: name, factory: 'createWarning' }, { logger: { info: warn, warn, error: warn } })
    expect(logged.join()).toContain('topK')
  })

  it.each([
    [{ package: 'no-such-package-here' }, 'PACKAGE_MISSING', 'npm install no-such-package-here'],
    [{ package: name }, 'CONFIG_INVALID', 'createEcho, '],
    [{ package: name, factory: 'createNothing' }, 'CONFIG_INVALID', 'no function "createNothing"'],
  ])('says what is missing: %j', async (provider, code, said) => {
    const { terminal } = await runIt(provider)
    expect(terminal).toMatchObject({ type: 'RUN_ERROR', code })
    expect(terminal.message).toContain(said)
  })
})

describe('settings', () => {
  it('name a provider by its id, or hold one', async () => {
    const fake = await useFake(fakeModel().handler)
    const providers = { main: providerSettings.parse({ ...providerOf(fake.url), model: 'other' }) }
    const settings = (provider: unknown, more: object = {}) =>
      builtInSettings.parse({ provider, model: MODEL, ...more })
    expect((await testAgent(new BuiltInAgent(settings('main'), { providers }))).text).toBe(ANSWER)
    expect(() => new BuiltInAgent(settings('mian'), { providers })).toThrow(
      /no chat provider "mian"; there are main/,
    )
    expect(() => new BuiltInAgent(settings('main', { fallback_providers: ['x'] }), { providers })).toThrow(
      /"x"/,
    )
    const unnamed = { ...providers, main: { ...providers.main, model: undefined } }
    expect(() => new BuiltInAgent(settings('main', { model: undefined }), { providers: unnamed })).toThrow(
      /No model is named/,
    )
  })

  it.each([
    [{ type: 'package' }, 'package'],
    [{ package: '@ai-sdk/anthropic' }, 'type'],
    [{ baseurl: 'http://x' }, 'baseurl'],
  ])('refuse what does not fit together: %j', (provider, said) => {
    const { error } = providerSettings.safeParse(provider)
    expect(JSON.stringify(error?.issues)).toContain(said)
  })

  it('send what else the server takes', async () => {
    const { model, run } = await useAgent({
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      seed: 7,
      stop: ['END'],
      provider_options: { reasoning_effort: 'low', chat_template_kwargs: { enable_thinking: false } },
    })
    await run()
    expect(model.asked[0]).toMatchObject({
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      seed: 7,
      stop: ['END'],
      reasoning_effort: 'low',
      chat_template_kwargs: { enable_thinking: false },
    })
  })
})
