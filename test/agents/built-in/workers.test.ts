import { randomUUID } from 'node:crypto'
import type { BaseEvent } from '@ag-ui/client'
import { expect, inject, it, onTestFinished } from 'vitest'
import { applied } from '../../../src/run/applied.ts'
import type { AnyEvent } from '../../../src/run/event.ts'
import type { Interrupt } from '../../../src/run/interrupts.ts'
import { KafkaAgentRunner } from '../../../src/runner/kafka-agent-runner.ts'
import { createWorker } from '../../../src/worker/index.ts'
import { quiet } from '../../support/quiet.ts'
import { ANSWER } from '../suite/agent-case.ts'
import { fakeTools } from './fake-tools.ts'
import { ofType, useAgent } from './use-agent.ts'

const threadId = 'thread-of-approval'

/** One agent, a worker at a time, and who asks. */
const useWorkers = async () => {
  const common = {
    kafka: { brokers: inject('kafkaBrokers') },
    prefix: `approval-${randomUUID().slice(0, 8)}`,
  }
  const tools = fakeTools({ delete: { approval: true, gives: 'Deleted.' } })
  const { model, make } = await useAgent({}, { openTools: tools.open })
  const runner = new KafkaAgentRunner({ ...common, worker: false, logger: quiet })
  onTestFinished(() => runner.close())

  const work = async () => {
    const worker = createWorker({ ...common, agents: { cleaner: make }, logger: quiet })
    onTestFinished(() => worker.stop({ drainTimeoutMs: 0 }))
    await worker.start()
    return worker
  }
  const ask = (more: object) =>
    new Promise<AnyEvent[]>((resolve, reject) => {
      const events: AnyEvent[] = []
      const input = {
        threadId,
        runId: randomUUID(),
        tools: [],
        context: [],
        state: {},
        forwardedProps: {},
        ...more,
      }
      runner.run({ threadId, agent: { agentId: 'cleaner' } as never, input: input as never }).subscribe({
        next: (event: BaseEvent) => void events.push(event as never),
        error: reject,
        complete: () => resolve(events),
      })
    })
  return { model, tools, work, ask }
}

it('a call that was asked for on worker A is approved on worker B', async () => {
  const { model, tools, work, ask } = await useWorkers()
  model.reply({ calls: [{ name: 'delete', args: '{"file":"a.txt"}' }] })
  const a = await work()
  const messages = [{ id: 'm', role: 'user', content: 'Delete a.txt' }]
  const first = await ask({ messages })
  const outcome = first.at(-1)?.outcome as { interrupts: [Interrupt] } | undefined
  await a.stop()
  await work()
  const thread = await applied([first] as never, { messages: messages as never, state: {} })
  const { id: interruptId, toolCallId } = outcome?.interrupts[0] ?? {}
  const second = await ask({
    messages: thread.messages,
    resume: [{ interruptId, status: 'resolved', payload: { approved: true } }],
  })
  expect(ofType(second, 'TOOL_CALL_RESULT')).toMatchObject([{ toolCallId, content: 'Deleted.' }])
  expect(tools.called).toMatchObject([{ id: toolCallId, args: '{"file":"a.txt"}' }])
  const text = ofType(second, 'TEXT_MESSAGE_CONTENT').map(({ delta }) => delta)
  expect(text.join('')).toBe(ANSWER)
  expect(second.at(-1)).toMatchObject({ type: 'RUN_FINISHED' })
  expect(model.asked[1]?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool'])
})
