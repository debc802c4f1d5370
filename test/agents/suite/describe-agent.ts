import type { BaseEvent } from '@ag-ui/client'
import { verifyEvents } from 'ag-ui-client-v1'
import { from, lastValueFrom, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { type TestAgentOptions, testAgent } from '../../../src/agents/kit/test-agent.ts'
import { LocalMemories } from '../../../src/agents/memory.ts'
import type { Logger } from '../../../src/logger.ts'
import type { AnyEvent } from '../../../src/run/event.ts'
import { sleep } from '../../../src/sleep.ts'
import { type AgentCase, ANSWER, type Script } from './agent-case.ts'
import { useFake } from './fake-server.ts'

const STOP_MS_MAX = 1_000

/** What every type of agent has to do, whatever its platform does. */
export const describeAgent = (agentCase: AgentCase): void => {
  const { type, secrets, codes, without = {} } = agentCase

  const useCase = async (script: Script) => {
    const platform = agentCase.fake()
    const fake = await useFake(platform.handler)
    platform.play(script)
    const logged: string[] = []
    const log = (message: string, fields?: object) => void logged.push(message + JSON.stringify(fields))
    const logger: Logger = { info: log, warn: log, error: log }
    const agent = agentCase.make(fake.url, logger)
    const allClosed = async () => {
      const from = performance.now()
      while (fake.open() > 0 && performance.now() - from < STOP_MS_MAX) await sleep(5)
      return fake.open() === 0
    }
    return { platform, fake, agent, logged, allClosed }
  }

  const test = async (script: Script, options: TestAgentOptions = {}) => {
    const used = await useCase(script)
    const run = await testAgent(used.agent, options)
    await verifiedByNewClient(run.events)
    const told = JSON.stringify([run.events, run.memory, used.logged])
    for (const secret of secrets) expect(told).not.toContain(secret)
    expect(await used.allClosed()).toBe(true)
    return { ...used, run }
  }

  describe(`the agent of type ${type}`, () => {
    const ending = ['answer', 'pings', 'repeated-answer', 'rate-limited-once'] as const
    it.each(ending.filter((script) => !(script in without)))(
      'says what its platform says: %s',
      async (script) => {
        const { run } = await test(script)
        expect(run.terminal).toMatchObject({ type: 'RUN_FINISHED' })
        expect(run.text).toBe(ANSWER)
        expect(run.events[0]).toMatchObject({ type: 'RUN_STARTED' })
      },
    )

    const failing = Object.entries(codes) as [keyof AgentCase['codes'], string][]
    it.each(failing.filter(([script]) => !(script in without)))(
      'ends once, with RUN_ERROR: %s',
      async (script, code) => {
        const { run } = await test(script)
        expect(run.terminal).toMatchObject({ type: 'RUN_ERROR', code })
        expect(String(run.terminal.message)).not.toBe('')
      },
    )

    it('says what is wrong where its platform is not there', async () => {
      const run = await testAgent(agentCase.make('http://127.0.0.1:1'))
      expect(run.terminal).toMatchObject({ type: 'RUN_ERROR', code: 'PLATFORM_UNREACHABLE' })
      expect(run.terminal.message).toContain('127.0.0.1:1')
    })

    it.each(['slow', 'late-stop'] as const)(
      'stops within a second and leaves no request open: %s',
      async (script) => {
        if (script in without) return
        const { platform, agent, allClosed } = await useCase(script)
        const events: AnyEvent[] = []
        const began = Promise.withResolvers<void>()
        agent.setMessages([{ id: 'm', role: 'user', content: 'How far is the moon?' }])
        const running = agent.runAgent(
          { runId: 'r', tools: [], context: [] },
          {
            onEvent: ({ event }) => {
              events.push(event as never)
              if (event.type === ('TEXT_MESSAGE_CONTENT' as never)) began.resolve()
            },
          },
        )
        await Promise.race([began.promise, running])
        const from = performance.now()
        agent.abortRun()
        await running
        expect(performance.now() - from).toBeLessThan(STOP_MS_MAX)
        expect(await allClosed()).toBe(true)
        if (agentCase.canStop) expect(platform.stopped).toHaveLength(1)
        // Whoever stopped it says how it ended.
        expect(events.filter(({ type }) => type === 'RUN_ERROR' || type === 'RUN_FINISHED')).toEqual([])
      },
    )

    it('leaves nothing of one run in another, and clones run side by side', async () => {
      const { agent } = await useCase('answer')
      const copies = [agent.clone(), agent.clone(), agent.clone()]
      const runs = await Promise.all(
        copies.map((copy, at) => testAgent(copy, { input: { threadId: `t${at}`, runId: `r${at}` } })),
      )
      for (const { text } of runs) expect(text).toBe(ANSWER)
    })

    if (agentCase.remembers)
      it('goes on with the conversation of the thread, which its memory names', async () => {
        const { platform, fake } = await useCase('answer')
        const memory = new LocalMemories().of('thread')
        for (const message of ['One', 'Two']) await testAgent(agentCase.make(fake.url), { message, memory })
        await testAgent(agentCase.make(fake.url), { message: 'Another thread' })
        const [first, second, other] = platform.conversations
        expect([first, other]).toEqual([null, null])
        expect(second).toEqual(expect.any(String))
        expect(JSON.stringify(memory.value)).toContain(second)
      })
  })
}

/** 1.x is stricter than 0.0.59, and a thread is read by both. */
const verifiedByNewClient = async (events: readonly AnyEvent[]): Promise<void> => {
  const copies = from(structuredClone(events) as never as BaseEvent[])
  await lastValueFrom(
    (copies as never as ReturnType<ReturnType<typeof verifyEvents>>).pipe(verifyEvents(false), toArray()),
  )
}
