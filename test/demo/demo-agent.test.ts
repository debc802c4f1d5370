import type { BaseEvent, Message, RunAgentInput } from '@ag-ui/client'
import fc from 'fast-check'
import { lastValueFrom, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { DemoAgent } from '../../src/demo/demo-agent.ts'
import { textFacts } from '../../src/demo/text-facts.ts'
import type { AnyEvent } from '../../src/run/event.ts'
import { finalizeRun } from '../../src/run/finalize.ts'
import { OpenItems } from '../../src/run/open-items.ts'
import { CLIENTS, replay } from '../run/clients.ts'

const asked = (content: unknown, state: unknown = {}): RunAgentInput => ({
  threadId: 't',
  runId: 'r',
  state,
  messages: content === undefined ? [] : [{ id: 'u', role: 'user', content } as Message],
  tools: [],
  context: [],
  forwardedProps: {},
})
const demo = (delayMs = 0) => new DemoAgent({ delayMs })
const eventsOf = (input: RunAgentInput): Promise<BaseEvent[]> =>
  lastValueFrom(demo().run(input).pipe(toArray()))
const textOf = (events: AnyEvent[], messageId: string): string =>
  events
    .filter((event) => event.messageId === messageId && 'delta' in event)
    .map(({ delta }) => delta)
    .join('')

const anyContent = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.constantFrom<unknown>(
    undefined,
    '',
    '   ',
    [],
    [
      { type: 'text', text: 'Look' },
      { type: 'binary', mimeType: 'image/png', data: '' },
    ],
    '你好，世界',
    'x'.repeat(5_000),
  ),
)
const anyState = fc.constantFrom<unknown>(
  {},
  null,
  undefined,
  { runs: 2 },
  { theme: 'dark' },
  { runs: 'many' },
  [1],
)

describe.each(CLIENTS)('the demo agent with AG-UI client %s', (_version, client) => {
  it('is valid whatever is asked, and changes only its own part of the state', async () => {
    await fc.assert(
      fc.asyncProperty(anyContent, anyState, async (content, state) => {
        const run = demo().run(asked(content, state))
        const { state: after, events } = await replay(client, run, { messages: [], state })
        expect(events.at(-1)?.type).toBe('RUN_FINISHED')
        const before = typeof state === 'object' && !Array.isArray(state) ? state : {}
        const runs = typeof Object(before).runs === 'number' ? Object(before).runs + 1 : 1
        expect(after).toEqual({ ...before, runs, lastQuestion: expect.any(String) })
      }),
      { numRuns: 25 },
    )
  })

  it('shows a thought, a text with its tool call, the result and an answer', async () => {
    const { messages } = await replay(client, await eventsOf(asked('How far is the moon?')))
    expect(messages.map(({ role }) => role)).toEqual(['reasoning', 'assistant', 'tool', 'assistant'])
    expect(messages[1]).toHaveProperty('toolCalls.0.function.name', 'measure_text')
    expect(JSON.parse(String(messages[2]?.content))).toEqual({
      words: 5,
      sentences: 1,
      characters: 20,
      longestWord: 'moon',
    })
    expect(messages[3]?.content).toContain('5 words in 1 sentence, 20 characters')
  })

  it('can be closed wherever it was aborted', async () => {
    const events = await eventsOf(asked('How far is the moon?'))
    for (let length = 0; length < events.length; length += 7) {
      const open = new OpenItems()
      for (const event of events.slice(0, length)) open.observe(event)
      const closers = finalizeRun(open, { reason: 'stopped', threadId: 't', runId: 'r' })
      await replay(client, [...events.slice(0, length), ...closers])
    }
  })
})

describe('the demo agent', () => {
  it('says the same to the same question, and another thing to another', async () => {
    const first = await eventsOf(asked('How far is the moon?'))
    expect(await eventsOf(asked('How far is the moon?'))).toEqual(first)
    const other = await eventsOf(asked('And the sun?'))
    expect(textOf(other, 'r-answer')).not.toBe(textOf(first, 'r-answer'))
    expect(textOf(first, 'r-thought')).toContain('How far is the moon?')
  })

  it('streams arguments that are the text it was asked', async () => {
    const events: AnyEvent[] = await eventsOf(asked('Two  spaces,\n"quotes" and 🌙'))
    const args = events.filter(({ type }) => type === 'TOOL_CALL_ARGS').map(({ delta }) => delta)
    expect(JSON.parse(args.join(''))).toEqual({ text: 'Two  spaces,\n"quotes" and 🌙' })
  })

  it('bears with no text at all', async () => {
    const events = await eventsOf(asked(undefined))
    expect(textOf(events, 'r-opening')).toContain('You sent no text')
  })

  it('takes about five seconds by default, for any question', async () => {
    for (const content of ['Hi', 'How far is the moon?', 'word '.repeat(2_000)]) {
      const events = await eventsOf(asked(content))
      const seconds = (events.filter((event) => 'delta' in event).length * 40) / 1_000
      expect(seconds).toBeGreaterThan(4)
      expect(seconds).toBeLessThan(6.5)
    }
  })

  it.each([0, 5])('ends at once and without a terminal when aborted (%d ms)', async (delayMs) => {
    const agent = demo(delayMs)
    const events: BaseEvent[] = []
    await new Promise<void>((resolve, reject) => {
      agent.run(asked('Hi')).subscribe({
        next: (event) => {
          events.push(event)
          if (events.length === 10) agent.abortRun()
        },
        complete: resolve,
        error: reject,
      })
    })
    expect(events).toHaveLength(10)
  })

  it('waits for no timer when aborted in the middle of a pause', { timeout: 2_000 }, async () => {
    const agent = demo(60_000)
    const events = lastValueFrom(agent.run(asked('Hi')).pipe(toArray()))
    setTimeout(() => agent.abortRun(), 10)
    expect((await events).at(-1)?.type).toBe('REASONING_MESSAGE_START')
  })

  it('stops when nobody listens any more', async () => {
    const agent = demo(1)
    const seen: BaseEvent[] = []
    const subscription = agent.run(asked('Hi')).subscribe((event) => {
      seen.push(event)
      if (seen.length === 8) subscription.unsubscribe()
    })
    await new Promise((resolve) => setTimeout(resolve, 40))
    expect(seen).toHaveLength(8)
  })

  it('runs again after an abort', async () => {
    const agent = demo()
    agent.abortRun()
    const events = await lastValueFrom(agent.run(asked('Hi')).pipe(toArray()))
    expect(events.at(-1)?.type).toBe('RUN_FINISHED')
  })

  it('has clones that run at its pace and are aborted alone', async () => {
    const agent = demo(1)
    const clone = agent.clone()
    expect(clone).toBeInstanceOf(DemoAgent)
    const [ofAgent, ofClone] = [agent, clone].map((each) =>
      lastValueFrom(each.run(asked('Hi')).pipe(toArray())),
    )
    clone.abortRun()
    expect((await ofClone)?.at(-1)?.type).not.toBe('RUN_FINISHED')
    expect((await ofAgent)?.at(-1)?.type).toBe('RUN_FINISHED')
  })
})

describe('textFacts', () => {
  it.each([
    ['', { words: 0, sentences: 0, characters: 0, longestWord: '' }],
    ['One. Two three!', { words: 3, sentences: 2, characters: 15, longestWord: 'three' }],
    ['👩‍👩‍👧', { words: 0, sentences: 1, characters: 1, longestWord: '' }],
  ])('of %j are true', (text, facts) => {
    expect(textFacts(text)).toEqual(facts)
  })
})
