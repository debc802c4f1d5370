import { HttpAgent } from '@ag-ui/client'
import { describe, expect, it } from 'vitest'
import { threadEvents } from '../support/http.ts'
import { useKafka } from '../support/kafka.ts'
import { startKar } from '../support/kar.ts'

const AGENTS = 'test/fixtures/agents.ts'
const THREADS = 50

/** An API process that serves HTTP and runs nothing itself; its address. */
const startApi = async (env: Record<string, string>): Promise<string> => {
  const api = startKar(['serve', '--workers', '0', '--agents', AGENTS], { ...env, PORT: '0' })
  return (await api.line(/HTTP\s+(http:\S+)/))[1] as string
}

const statusOf = async (server: string, threadId: string) =>
  (await (await fetch(`${server}/threads/${threadId}`)).json()) as { runs: { workerId: string }[] }

describe('processes', () => {
  it('run with HttpAgent in one API process, connect in a second one, the worker in a third', {
    timeout: 60_000,
  }, async () => {
    const kafka = useKafka()
    const env = {
      KAFKA_BROKERS: kafka.brokers.join(','),
      KAR_PREFIX: kafka.prefix,
      KAR_COMMAND_PARTITIONS: '3',
    }
    const [first, second] = await Promise.all([startApi(env), startApi(env)])
    await startKar(['worker', '--agents', AGENTS], env).line(/takes commands/)

    const agent = new HttpAgent({ url: `${first}/agents/talker/run`, threadId: 'over http' })
    agent.setMessages([{ id: 'u1', role: 'user', content: 'Hello' }])
    const seen: string[] = []
    await agent.runAgent({}, { onEvent: ({ event }) => void seen.push(event.type) })
    expect(seen.at(-1)).toBe('RUN_FINISHED')

    const events = await threadEvents(second, 'over http')
    const said = events.map((event) => (event.type === 'TEXT_MESSAGE_CONTENT' ? event.delta : '')).join('')
    expect(said).toBe(agent.messages.at(-1)?.content)
  })

  it('two API processes and two workers take 50 threads at once, each complete and in order', {
    timeout: 90_000,
  }, async () => {
    const kafka = useKafka()
    const env = {
      KAFKA_BROKERS: kafka.brokers.join(','),
      KAR_PREFIX: kafka.prefix,
      KAR_COMMAND_PARTITIONS: '12',
    }
    const apis = await Promise.all([startApi(env), startApi(env)])
    const workers = [1, 2].map((n) =>
      startKar(['worker', '--agents', AGENTS], { ...env, KAR_WORKER_ID: `worker-${n}` }),
    )
    await Promise.all(workers.map((worker) => worker.line(/takes commands/)))

    const talk = async (index: number) => {
      const threadId = `thread-${index}`
      const agent = new HttpAgent({ url: `${apis[index % 2]}/agents/counter/run`, threadId })
      agent.setMessages([{ id: `u-${index}`, role: 'user', content: `${index}` }])
      const deltas: string[] = []
      await agent.runAgent({}, { onTextMessageContentEvent: ({ event }) => void deltas.push(event.delta) })
      const replayed = await threadEvents(apis[(index + 1) % 2] as string, threadId)
      return { live: deltas.join(''), replayed: replayed.map(({ delta }) => delta ?? '').join('') }
    }
    const outcomes = await Promise.all(Array.from({ length: THREADS }, (_, index) => talk(index)))
    const expected = Array.from({ length: 100 }, (_, index) => `${index} `).join('')
    for (const { live, replayed } of outcomes) {
      expect(live).toBe(expected)
      expect(replayed).toBe(expected)
    }
    const statuses = await Promise.all(
      outcomes.map((_, index) => statusOf(apis[0] as string, `thread-${index}`)),
    )
    // Both workers had a part in it.
    expect(new Set(statuses.map(({ runs }) => runs[0]?.workerId))).toEqual(new Set(['worker-1', 'worker-2']))
  })
})
