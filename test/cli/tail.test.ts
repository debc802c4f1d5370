import { describe, expect, it, vi } from 'vitest'
import { ScriptedAgent, talker } from '../support/agents.ts'
import { collect, inputFor, textOf } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
import { cleanEnv, run, start } from './kar.ts'

describe('kar tail --all', () => {
  it('follows every thread, for people and for programs, until Ctrl-C', async () => {
    const kafka = useKafka()
    const runner = kafka.runner({ worker: true })
    await runner.start()
    const env = cleanEnv({
      KAFKA_BROKERS: kafka.brokers.join(','),
      KAR_PREFIX: kafka.prefix,
      KAR_COMMAND_PARTITIONS: '3',
    })
    const all = start(['tail', '--all'], env)
    const one = start(['tail', '--all', '--agent', 'second', '--json'], env)
    await Promise.all([all.until('from now on'), one.until('from now on')])
    const talk = (threadId: string, agentId: string) =>
      collect(
        runner.run({ threadId, agent: new ScriptedAgent(talker(5, 20), agentId), input: inputFor(threadId) }),
      )
    await Promise.all([talk('one', 'first'), talk('two', 'second')])
    await one.until('"fact":"finished"')
    await vi.waitUntil(() => all.stdout.match(/run finished/g)?.length === 2, { timeout: 20_000 })
    all.child.kill('SIGINT')
    one.child.kill('SIGINT')
    expect([await all.ended, await one.ended]).toEqual([0, 0])

    for (const thread of ['one', 'two']) {
      const lines = all.stdout.split('\n').filter((line) => line.startsWith(`${thread} `))
      expect(lines.map((line) => line.split('│ ')[1])).toEqual([
        expect.stringMatching(/^run {7}/),
        'you       Hello',
        'agent     0 1 2 3 4 ',
        'done      run finished',
      ])
    }
    const lines = one.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ threadId }) => threadId)).toEqual(lines.map(() => 'two'))
    expect(lines.filter(({ fact }) => fact).map(({ fact }) => fact)).toEqual([
      'accepted',
      'started',
      'finished',
    ])
    expect(lines.at(-1)).toMatchObject({ fact: 'finished', lastSeq: 9 })
    expect(textOf(lines.flatMap(({ event = [] }) => event))).toBe('0 1 2 3 4 ')
  })

  it('points to kar connect for one thread', async () => {
    const { code, stderr } = await run(['tail', 'hello'], cleanEnv({ KAFKA_BROKERS: 'h:1' }))
    expect([code, stderr]).toEqual([2, expect.stringContaining('connect hello --follow')])
  })
})
