import { describe, expect, it } from 'vitest'
import { LocalMemories } from '../../../src/agents/memory.ts'
import { ANSWER } from '../suite/agent-case.ts'
import { type FakeTool, fakeTools } from './fake-tools.ts'
import { continued, ofType, useAgent } from './use-agent.ts'

const ask = { calls: [{ name: 'delete', args: '{"file":"a.txt"}' }] }

/** A thread whose first run asks for approval; the next ones are other instances of the agent, as on other workers. */
const useApproval = async (tools: Record<string, FakeTool> = {}, calls = ask) => {
  const box = fakeTools({
    delete: { approval: true, gives: 'Deleted.' },
    look: { gives: 'Bright.' },
    ...tools,
  })
  const used = await useAgent({}, { openTools: box.open })
  const memory = new LocalMemories().of('thread')
  used.model.reply(calls)
  const first = await used.run({ memory })
  const resume = (payload: unknown, status = 'resolved', at = 0) => [
    { interruptId: first.interrupts[at]?.id, status, ...(payload !== undefined && { payload }) },
  ]
  const goOn = (entries: object[], messages: object[] = first.messages) =>
    used.run(continued(messages, { resume: entries }, memory))
  return { ...used, box, memory, first, resume, goOn }
}

describe('a call that needs approval', () => {
  it('ends the run with an interrupt, after the other calls', async () => {
    const calls = [...ask.calls, { name: 'look', args: '{}' }]
    const { first, box, memory } = await useApproval({}, { calls })
    const toolCallId = ofType(first.events, 'TOOL_CALL_START')[0]?.toolCallId
    expect(first.interrupts).toEqual([
      {
        id: expect.any(String),
        reason: 'tool_approval',
        toolCallId,
        message: 'May delete be called with {"file":"a.txt"}?',
        responseSchema: expect.objectContaining({ required: ['approved'] }),
        metadata: { toolName: 'delete' },
      },
    ])
    expect(first.interrupts[0]?.id).not.toBe(toolCallId)
    expect(box.called.map(({ name }) => name)).toEqual(['look'])
    expect(first.events.slice(-3).map(({ type }) => type)).toEqual([
      'STATE_SNAPSHOT',
      'MESSAGES_SNAPSHOT',
      'RUN_FINISHED',
    ])
    expect(JSON.stringify(memory.value)).toContain('a.txt')
  })

  it('is carried out by the next run, with nothing but its result on the same id', async () => {
    const { goOn, resume, first, box, model, memory } = await useApproval()
    const run = await goOn(resume({ approved: true }))
    const toolCallId = first.interrupts[0]?.toolCallId
    expect(box.called).toEqual([{ id: toolCallId, name: 'delete', args: '{"file":"a.txt"}', origin: 'code' }])
    expect(ofType(run.events, 'TOOL_CALL_START')).toEqual([])
    expect(ofType(run.events, 'TOOL_CALL_RESULT')).toMatchObject([{ toolCallId, content: 'Deleted.' }])
    expect(run.text).toBe(ANSWER)
    expect(model.asked[1]?.messages.map(({ role, content }) => [role, content])).toEqual([
      ['user', 'Hello'],
      ['assistant', null],
      ['tool', 'Deleted.'],
    ])
    expect(memory.value).toEqual({ approvals: {} })
  })

  it.each([
    [{ approved: false, reason: 'I need it' }, 'resolved', 'did not allow this call. They say: I need it'],
    [undefined, 'cancelled', 'did not allow this call.'],
  ])('is not, where the person says so: %j %s', async (payload, status, said) => {
    const { goOn, resume, box, model } = await useApproval()
    const run = await goOn(resume(payload, status))
    expect(box.called).toEqual([])
    expect(ofType(run.events, 'TOOL_CALL_RESULT')[0]?.content).toContain(said)
    expect(run.text).toBe(ANSWER)
    expect(model.asked[1]?.messages.at(-1)?.content).toContain(said)
  })

  it('takes other arguments, and the model knows', async () => {
    const { goOn, resume, box } = await useApproval()
    const run = await goOn(resume({ approved: true, args: { file: 'b.txt' } }))
    expect(box.called[0]?.args).toBe('{"file":"b.txt"}')
    expect(ofType(run.events, 'TOOL_CALL_RESULT')[0]?.content).toBe(
      '[The user changed the arguments to {"file":"b.txt"}]\nDeleted.',
    )
  })

  it('waits on where the answer is none, and changes nothing', async () => {
    const { goOn, resume, box } = await useApproval()
    for (const [payload, said] of [
      [{ aproved: true }, 'approved'],
      [true, 'payload'],
    ] as const) {
      const { terminal } = await goOn(resume(payload))
      expect(terminal).toMatchObject({ type: 'RUN_ERROR', code: 'INPUT_INVALID' })
      expect(terminal.message).toContain(said)
    }
    const { terminal } = await goOn([
      { interruptId: 'another', status: 'resolved', payload: { approved: true } },
    ])
    expect(terminal).toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining('"another"') })
    expect(box.called).toEqual([])
    expect((await goOn(resume({ approved: true }))).text).toBe(ANSWER)
    expect(box.called).toHaveLength(1)
  })

  it('is never carried out twice: answered again, or found begun by a lost worker', async () => {
    const { goOn, resume, box, memory } = await useApproval()
    const { approvals } = memory.value as { approvals: Record<string, object> }
    const [[id, call]] = Object.entries(approvals) as [[string, object]]
    memory.set({ approvals: { [id]: { ...call, begun: true } } })
    const lost = await goOn(resume({ approved: true }))
    expect(ofType(lost.events, 'TOOL_CALL_RESULT')[0]?.content).toContain('is not known')
    const again = await goOn(resume({ approved: true }))
    expect(again.terminal).toMatchObject({ code: 'INPUT_INVALID' })
    expect(box.called).toEqual([])
  })

  it('is begun in the memory before it is carried out', async () => {
    const seen: unknown[] = []
    const used = await useApproval({
      delete: {
        approval: true,
        gives: () => {
          seen.push(structuredClone(used.memory.value))
          return { content: 'Deleted.', isError: false }
        },
      },
    })
    await used.goOn(used.resume({ approved: true }))
    expect(JSON.stringify(seen)).toContain('"begun":true')
  })

  it('is let be where the person goes on without an answer', async () => {
    const { first, run, memory, model, goOn, resume } = await useApproval()
    await run(continued([...first.messages, { id: 'u2', role: 'user', content: 'Forget it' }], {}, memory))
    expect(model.asked[1]?.messages.at(-2)?.content).toContain('no result')
    expect((await goOn(resume({ approved: true }))).terminal).toMatchObject({ code: 'INPUT_INVALID' })
  })

  it('has long arguments from the thread’s messages, since a memory is small', async () => {
    const args = JSON.stringify({ file: 'x'.repeat(9_000) })
    const { goOn, resume, box, memory, first } = await useApproval({}, { calls: [{ name: 'delete', args }] })
    expect(JSON.stringify(memory.value).length).toBeLessThan(1_000)
    const { terminal } = await goOn(resume({ approved: true }), first.messages.slice(0, 1))
    expect(terminal).toMatchObject({ code: 'INPUT_INVALID' })
    await goOn(resume({ approved: true }))
    expect(box.called[0]?.args).toBe(args)
  })

  it('is one of several, each with its own answer', async () => {
    const calls = ['a', 'b', 'c'].map((file) => ({ name: 'delete', args: JSON.stringify({ file }) }))
    const { first, goOn, resume, box, model } = await useApproval({}, { calls })
    expect(first.interrupts).toHaveLength(3)
    const run = await goOn([
      ...resume({ approved: true }, 'resolved', 2),
      ...resume({ approved: false }, 'resolved', 1),
      ...resume({ approved: true }, 'resolved', 0),
    ])
    expect(box.called.map(({ args }) => args)).toEqual(['{"file":"a"}', '{"file":"c"}'])
    expect(run.text).toBe(ANSWER)
    expect(model.asked[1]?.messages.slice(2).map(({ content }) => content)).toEqual([
      'Deleted.',
      'error: The user did not allow this call.',
      'Deleted.',
    ])
  })
})
