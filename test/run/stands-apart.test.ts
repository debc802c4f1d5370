import type { BaseEvent, Message } from '@ag-ui/client'
import fc from 'fast-check'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { applied } from '../../src/run/applied.ts'
import { standsApart } from '../../src/run/stands-apart.ts'
import { contentWith } from '../../src/view/contents.ts'
import { arbitraryRun, PRIOR_MESSAGES, PRIOR_STATE } from './arbitrary-run.ts'
import { CLIENTS, replay } from './clients.ts'

/** The same messages under ids that no run uses. */
const OTHERS: Message[] = JSON.parse(JSON.stringify(PRIOR_MESSAGES).replaceAll('"p-', '"other-'))

const runs = arbitraryRun({ threadId: 't', runId: 'r' })

// The clients warn of what a run does in vain.
beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})

describe('a run that stands apart from its thread', () => {
  it.each(CLIENTS)('brings the same as on an empty thread, in client %s', async (_, client) => {
    let apart = 0
    await fc.assert(
      fc.asyncProperty(runs, fc.constantFrom(PRIOR_MESSAGES, OTHERS), async (run, messages) => {
        fc.pre(standsApart(run, messages))
        apart += 1
        const whole = await replay(client, run, { messages, state: PRIOR_STATE })
        const own = await replay(client, run, { messages: [], state: PRIOR_STATE })
        expect({ ...own, messages: [...messages, ...own.messages] }).toEqual(whole)
      }),
      { numRuns: 60 },
    )
    expect(apart).toBeGreaterThan(30)
  })

  it('or does not, makes of the thread what AG-UI’s client makes of it', async () => {
    await fc.assert(
      fc.asyncProperty(runs, fc.constantFrom(PRIOR_MESSAGES, OTHERS), async (run, messages) => {
        const before = { messages, state: PRIOR_STATE }
        expect(await contentWith(before, run)).toEqual(await applied([run], before))
      }),
      { numRuns: 100 },
    )
  })

  const started = { type: 'RUN_STARTED', threadId: 't', runId: 'r' }
  it.each([
    ['adds to a message', { type: 'TEXT_MESSAGE_START', messageId: 'p-text' }],
    ['restates the messages', { type: 'MESSAGES_SNAPSHOT', messages: [] }],
    ['tells a message again', { ...started, input: { messages: [{ id: 'p-text', role: 'user' }] } }],
    ['calls from a message', { type: 'TOOL_CALL_START', toolCallId: 'new', parentMessageId: 'p-text' }],
    ['answers a call', { type: 'TOOL_CALL_RESULT', messageId: 'new', toolCallId: 'p-call' }],
    ['speaks of a call', { type: 'REASONING_ENCRYPTED_VALUE', entityId: 'p-call' }],
    ['is of a kind that nobody knows', { type: 'SOMETHING_NEW' }],
  ])('is none that %s', (_, event) => {
    const run = [started, event] as unknown as BaseEvent[]
    expect(standsApart(run, PRIOR_MESSAGES)).toBe(false)
  })
})
