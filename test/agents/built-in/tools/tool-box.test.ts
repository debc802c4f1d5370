import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineTool, type ToolContext } from '../../../../src/agents/built-in/tools/code-tool.ts'
import { sleep } from '../../../../src/sleep.ts'
import { call, listeningLogger, say, useBox } from './support.ts'

const weather = defineTool({
  name: 'weather',
  description: 'The weather of a city',
  parameters: z.object({ city: z.string(), days: z.int().min(1).default(1) }),
  execute: ({ city, days }) => ({ city, days, sunny: true }),
})

const returns = (name: string, value: unknown) =>
  defineTool({ name, description: '', parameters: { type: 'object' }, execute: () => value })

describe('a tool from code', () => {
  it('is offered with its schema and called with what the schema makes of the arguments', async () => {
    const box = await useBox({ tools: [weather] })
    expect(box.specs).toEqual([
      {
        name: 'weather',
        ownName: 'weather',
        origin: 'code',
        description: 'The weather of a city',
        parameters: expect.objectContaining({ type: 'object', required: ['city'] }),
        kind: 'server',
        approval: false,
      },
    ])
    expect(await say(box, 'weather', { city: 'Ulm' })).toBe('{"city":"Ulm","days":1,"sunny":true}')
  })

  it('is told of its call', async () => {
    let told: ToolContext | undefined
    const tool = defineTool({
      name: 'curious',
      description: '',
      parameters: { type: 'object' },
      execute: (_args, context) => {
        told = context
      },
    })
    const box = await useBox({ tools: [tool] })
    expect(await say(box, 'curious')).toBe('The tool returned no content.')
    expect(told).toMatchObject({ threadId: 'thread', runId: 'run', toolCallId: 'call-curious' })
    expect(told?.signal.aborted).toBe(false)
  })

  it.each([
    ['{"city":7}', 'city: Invalid input: expected string, received number'],
    ['{"city":"Ulm","days":0}', 'days: Too small'],
    ['{"city":', 'its arguments are no JSON'],
    ['[]', 'its arguments are no JSON object'],
    ['', 'city: Invalid input'],
  ])('is not called with arguments that do not fit: %s', async (args, problem) => {
    const box = await useBox({ tools: [weather] })
    const { content, isError } = await box.call(
      { id: 'c', name: 'weather', args },
      new AbortController().signal,
    )
    expect(isError).toBe(true)
    expect(content).toMatch(/^error: "weather" was not called/)
    expect(content).toContain(problem)
  })

  it('is held against a JSON Schema too, also in what lies deep and what is not known', async () => {
    const tool = defineTool({
      name: 'deep',
      description: '',
      parameters: {
        type: 'object',
        properties: {
          list: { type: 'array', items: { type: 'object', properties: { n: { type: 'number' } } } },
        },
        additionalProperties: false,
      },
      execute: () => 'called',
    })
    const box = await useBox({ tools: [tool] })
    const wrong = await call(box, 'deep', { list: [{ n: 'x' }], other: 1 })
    expect(wrong.content).toContain('other: there is no such argument; list.0.n: must be number')
    expect(await say(box, 'deep', { list: [{ n: 1 }] })).toBe('called')
  })

  it('cannot be made of what is no schema of an object', () => {
    const bad = (parameters: never) => () =>
      defineTool({ name: 'x', description: '', parameters, execute: () => {} })
    expect(bad(z.string() as never)).toThrow(
      'The parameters of tool "x" cannot be used: they describe no object',
    )
    expect(bad({ type: 'object', properties: { a: { type: 'text' } } } as never)).toThrow('type must be')
  })

  it.each([
    ['an Error', () => Promise.reject(new Error('no disk')), 'error: no disk'],
    ['a text', () => Promise.reject('no disk'), 'error: no disk'],
    [
      'what throws at once',
      () => {
        throw new Error('no disk')
      },
      'error: no disk',
    ],
    ['what cannot be JSON', () => 12n, 'error: Do not know how to serialize a BigInt'],
  ])('that fails is told as an error: %s', async (_, execute, content) => {
    const tool = defineTool({ name: 'fails', description: '', parameters: { type: 'object' }, execute })
    expect(await call(await useBox({ tools: [tool] }), 'fails')).toEqual({ content, isError: true })
  })

  it.each([
    [undefined, 'The tool returned no content.'],
    ['  ', 'The tool returned no content.'],
    ['text', 'text'],
    [0, '0'],
    [[], '[]'],
  ])('that returns %j says %s', async (value, content) => {
    const box = await useBox({ tools: [returns('tool', value)] })
    expect(await call(box, 'tool')).toEqual({ content, isError: false })
  })

  it('that ignores its signal is left behind at its time-out and when its run is stopped', async () => {
    const signals: AbortSignal[] = []
    const deaf = defineTool({
      name: 'deaf',
      description: '',
      parameters: { type: 'object' },
      execute: async (_args, { signal }) => {
        signals.push(signal)
        await sleep(1000)
        throw new Error('dropped')
      },
    })
    const box = await useBox({ tools: [deaf], settings: { tool_call_timeout: 0.1 } })
    expect((await call(box, 'deaf')).content).toContain('error: the tool took longer than 0.1 s')
    const patient = await useBox({ tools: [deaf] })
    const stop = new AbortController()
    const from = performance.now()
    const calling = call(patient, 'deaf', {}, stop.signal)
    stop.abort()
    expect((await calling).content).toBe('error: the run was stopped before the tool ended.')
    expect(performance.now() - from).toBeLessThan(100)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
    // And a closed box begins nothing.
    await patient.close()
    expect((await call(patient, 'deaf')).isError).toBe(true)
    expect(signals).toHaveLength(2)
  })

  it('that gives too much is cut in the middle, at whole characters', async () => {
    const box = await useBox({
      tools: [returns('tool', `begin${'🌍'.repeat(5000)}end`)],
      settings: { tool_result_max: 1001 },
    })
    const content = await say(box, 'tool')
    const [head, said, tail] = content.split('\n\n')
    expect(head).toMatch(/^begin(🌍)+$/u)
    expect(tail).toMatch(/^(🌍)+end$/u)
    const left = 10_008 - (head?.length ?? 0) - (tail?.length ?? 0)
    expect(said).toContain(
      `[${left.toLocaleString('en')} of 10,008 characters are left out here; they are kept nowhere.`,
    )
    expect(content.isWellFormed()).toBe(true)
    expect(content.length).toBeLessThan(1200)
  })
})

describe('tools of the client', () => {
  const client = (name: string, parameters?: object) => ({ name, description: 'Of the client', parameters })

  it('are offered last, and not called here', async () => {
    const box = await useBox({
      tools: [weather],
      clientTools: [client('change colour', { type: 'object' }), client('b')],
    })
    expect(box.specs.map(({ name, ownName, kind }) => [name, ownName, kind])).toEqual([
      ['weather', 'weather', 'server'],
      ['change_colour', 'change colour', 'client'],
      ['b', 'b', 'client'],
    ])
    expect(box.find('b')?.parameters).toEqual({ type: 'object', properties: {} })
    expect((await call(box, 'b')).content).toBe('error: "b" is a tool of the client, which calls it itself.')
  })

  it('do not take the place of a tool here, by whatever spelling', async () => {
    const logger = listeningLogger()
    const tools = [weather, returns('delete_all', '')]
    const box = await useBox({ tools, clientTools: [client('weather'), client('delete all')], logger })
    expect(box.specs.map(({ name, origin }) => [name, origin])).toEqual([
      ['weather', 'code'],
      ['delete_all', 'code'],
    ])
    expect(logger.lines).toHaveLength(2)
    expect(logger.lines[0]).toContain('"tool":"weather"')
  })
})

describe('a box', () => {
  it('gives every tool a name that providers take, and numbers those that are alike', async () => {
    const long = 'x'.repeat(80)
    const names = ['Größe messen!', 'a.b', 'a/b', long, `${long}y`, '日本', 'a.b']
    const box = await useBox({ tools: names.map((name) => returns(name, name)) })
    expect(box.specs.map(({ name }) => name)).toEqual([
      'Gro_e_messen_',
      'a_b',
      'a_b_2',
      'x'.repeat(64),
      `${'x'.repeat(62)}_2`,
      '_',
      'a_b_3',
    ])
    expect(await say(box, 'a_b_2')).toBe('a/b')
    expect(await say(box, `${'x'.repeat(62)}_2`)).toBe(`${long}y`)
  })

  it('answers calls of tools that there are not with those that there are', async () => {
    const box = await useBox({ tools: [weather] })
    const unknown = await call(box, '__proto__')
    expect(unknown).toEqual({
      content: 'error: there is no tool "__proto__". There are: weather.',
      isError: true,
    })
    expect((await call(await useBox(), 'x')).content).toBe('error: there is no tool "x". There are none.')
  })

  it('does not call another tool of the name in the place of one that was approved', async () => {
    const box = await useBox({ tools: [weather] })
    const stop = new AbortController()
    const made = { id: 'c', name: 'weather', args: '{"city":"Ulm"}' }
    expect((await box.call({ ...made, origin: 'mcp:other' }, stop.signal)).isError).toBe(true)
    expect((await box.call({ ...made, origin: 'code' }, stop.signal)).isError).toBe(false)
  })

  it.each([
    ['none', ['careful']],
    ['all', ['careful', 'delete_all', 'weather']],
    [['delete*'], ['careful', 'delete_all']],
    [
      ['weather', 'nothing'],
      ['careful', 'weather'],
    ],
  ])('asks for approval by the settings, and by the tool itself: %j', async (approval, expected) => {
    const careful = defineTool({ ...weather, name: 'careful', parameters: z.object({}), approval: true })
    const box = await useBox({ tools: [weather, returns('delete_all', ''), careful], settings: { approval } })
    const asked = box.specs.filter((spec) => spec.approval).map(({ name }) => name)
    expect(asked.toSorted()).toEqual(expected)
  })

  it('leaves no listener on the signal of a long run', async () => {
    const box = await useBox({ tools: [weather] })
    const stop = new AbortController()
    for (let at = 0; at < 50; at += 1) await call(box, 'weather', { city: 'Ulm' }, stop.signal)
    expect(getEventListeners(stop.signal, 'abort').length).toBeLessThanOrEqual(1)
  })
})
