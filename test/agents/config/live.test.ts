import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { lastValueFrom, type Observable, tap, toArray } from 'rxjs'
import { expect, it, onTestFinished, vi } from 'vitest'
import { openAgentsFile } from '../../../src/agents/config/registry.ts'
import { RemoteAgent } from '../../../src/http/remote-agent.ts'
import type { AnyEvent } from '../../../src/run/event.ts'
import { useKafka } from '../../support/kafka.ts'
import { quiet } from '../../support/quiet.ts'
import { useAgentsFile, useLog } from './support.ts'

/** An agent that says its settings, piece by piece: a file of it is a module. */
const MODULE = (pieces: number) => `
import { defineAgent } from ${JSON.stringify(new URL('../../../src/agents/kit/define-agent.ts', import.meta.url).href)}
import { sleep } from ${JSON.stringify(new URL('../../../src/sleep.ts', import.meta.url).href)}
export default ({ word }) => defineAgent({
  play: async ({ events, signal }) => {
    for (let at = 0; at < ${pieces}; at += 1) {
      events.text(word + ' ')
      await sleep(50, signal)
    }
  },
})`

const PIECES = 20

it('takes changes of the file while a run goes on, which ends as it began', async () => {
  const { folder, path, write } = await useAgentsFile('agents: {}')
  await writeFile(join(folder, 'words.mjs'), MODULE(PIECES))
  const file = (word: string, more = '') =>
    `agents:\n  talker: { type: module, module: ./words.mjs, default: true, settings: { word: ${word} } }\n${more}`
  await write(file('one'))
  const { lines, logger } = useLog()
  const live = await openAgentsFile({ path, env: {}, logger })
  onTestFinished(() => live.stop())
  const news: unknown[] = []
  live.watch({ onChange: (change) => news.push(change) })

  const { worker, runner: makeRunner } = useKafka()
  await worker({ agents: live.current, logger: quiet })
  const runner = makeRunner()
  const ask = (agentId: string) => {
    const threadId = randomUUID()
    const input = {
      threadId,
      runId: randomUUID(),
      messages: [],
      tools: [],
      context: [],
      state: {},
      forwardedProps: {},
    }
    const began = Promise.withResolvers<void>()
    const events = runner.run({ threadId, agent: new RemoteAgent(agentId), input }) as Observable<unknown>
    const watched = events.pipe(
      tap((event) => (event as AnyEvent).type === 'TEXT_MESSAGE_CONTENT' && began.resolve()),
      toArray(),
    )
    return { began: began.promise, ended: lastValueFrom(watched) as Promise<AnyEvent[]> }
  }

  const going = ask('talker')
  await going.began
  await write(file('two', '  late: { type: demo, delay_ms: 0 }\n'))
  await vi.waitFor(() => expect(news).toHaveLength(1))
  await write('agents: { talker: ')
  await vi.waitFor(() => expect(lines.join()).toContain('stay as they were'))
  const [first, second, byDefault, late] = await Promise.all([
    going.ended,
    ask('talker').ended,
    ask('default').ended,
    ask('late').ended,
  ])
  expect([textOf(first), textOf(second), textOf(byDefault)]).toEqual([
    'one '.repeat(PIECES),
    'two '.repeat(PIECES),
    'two '.repeat(PIECES),
  ])
  expect(late.at(-1)).toMatchObject({ type: 'RUN_FINISHED' })
  // What a worker has is what it tells the others.
  await vi.waitFor(async () => {
    const [beat] = await runner.workers()
    expect(beat?.agents).toEqual(['talker', 'late', 'default'])
  })
  await write('agents: { other: { type: demo } }')
  await vi.waitFor(() => expect(news).toHaveLength(2))
  expect((await ask('talker').ended).at(-1)).toMatchObject({ type: 'RUN_ERROR', code: 'UNKNOWN_AGENT' })
})

const textOf = (events: readonly AnyEvent[]): string =>
  events.map(({ type, delta }) => (type === 'TEXT_MESSAGE_CONTENT' ? String(delta) : '')).join('')
