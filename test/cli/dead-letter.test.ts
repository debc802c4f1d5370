import { randomUUID } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { clientConfig } from '../../src/config.ts'
import { createProducer } from '../../src/kafka/producer.ts'
import { sharedTopics } from '../../src/topics.ts'
import { ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { collect, inputFor, textOf } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
import { useTopic } from '../support/topic.ts'
import { useHands } from '../worker/by-hand.ts'
import { cleanEnv, run } from './kar.ts'

const useLetters = () => {
  const kafka = useKafka()
  const { brokers, prefix } = kafka
  const topics = sharedTopics(prefix, 3)
  const env = cleanEnv({ KAFKA_BROKERS: brokers.join(','), KAR_PREFIX: prefix })
  const send = async (topic: string, key: string, value: Buffer, headers: Record<string, string> = {}) => {
    const producer = createProducer(clientConfig({ kafka: { brokers } }).kafka, { acks: -1 })
    await producer.send({ topic, key, value, headers })
    await producer.close()
  }
  return { kafka, topics, env, send, commandFor: useHands(kafka).commandFor }
}

const talkers = { talker: () => new ScriptedAgent(talker(3), 'talker') }

const parsed = (lines: string) =>
  lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

const until = (isSo: () => Promise<boolean> | boolean) =>
  vi.waitUntil(isSo, { timeout: 20_000, interval: 50 })

describe('kar dead-letter', () => {
  it('lists what workers gave up, and shows each: text, and what is none in hexadecimal', async () => {
    const { kafka, topics, env, send } = useLetters()
    await kafka.worker({ agents: talkers })
    const letters = useTopic(kafka.brokers, topics.deadLetter.name)
    await send(topics.commands.name, 'k', Buffer.from('no command'), { 'x-from': 'a test' })
    await until(() => letters.records.length === 1)
    await send(topics.commands.name, 'k', Buffer.from([255, 0, 65]))
    await until(() => letters.records.length === 2)
    const [table, json, text, binary, asJson, none] = await Promise.all([
      run(['dead-letter', 'ls'], env),
      run(['dead-letter', 'ls', '--limit', '1', '--json'], env),
      run(['dead-letter', 'show', '0'], env),
      run(['dead-letter', 'show', '1'], env),
      run(['dead-letter', 'show', '1', '--json'], env),
      run(['dead-letter', 'show', '2'], env),
    ])
    expect(table.stdout).toMatch(
      /^NUMBER +TIME +CODE +SOURCE +KEY +SIZE +REASON\n +0 .* COMMAND_UNDECODABLE .*\n +1 /,
    )
    expect(table.stdout).toContain(`${topics.commands.name}/`)
    expect(parsed(json.stdout)).toMatchObject([
      { offset: 1, code: 'COMMAND_UNDECODABLE', key: 'k', bytes: 3 },
    ])
    expect(json.stderr).toContain('1 older ones: --limit 2')
    expect(text.stdout).toMatch(/\nkey {7}k\nheader {4}x-from: a test\nvalue {5}10 B\n\nno command\n$/)
    expect(binary.stdout).toMatch(/\n00000000 {2}ff 00 41 +\.\.A\n$/)
    expect(JSON.parse(asJson.stdout)).toMatchObject({ offset: 1, valueBase64: '/wBB', headers: {} })
    expect([none.code, none.stdout]).toEqual([1, ''])
  })
})

describe('kar dead-letter retry', () => {
  it('writes a command back as it was received, and its run is there', async () => {
    const { kafka, topics, env, send, commandFor } = useLetters()
    await kafka.worker({ agents: talkers })
    const command = commandFor(inputFor('again'), 'talker')
    const [value, headers] = [Buffer.from(JSON.stringify(command)), { 'x-from': 'a test' }]
    const said = {
      'dead-letter-code': 'COMMAND_UNDECODABLE',
      'dead-letter-reason': 'the worker knew no registry',
      'dead-letter-source': `${topics.commands.name}/0/0`,
    }
    await send(topics.deadLetter.name, 'again', value, { ...headers, ...said })
    await send(topics.deadLetter.name, 'again', value, {
      ...said,
      'dead-letter-source': `${randomUUID()}/0/0`,
    })

    const [unasked, homeless, noTopic] = await Promise.all([
      run(['dead-letter', 'retry', '0'], env),
      run(['dead-letter', 'retry', '1', '--yes'], env),
      run(['dead-letter', 'retry', '1', '--yes', '--to', randomUUID()], env),
    ])
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('add --yes')])
    expect([homeless.code, homeless.stderr]).toEqual([1, expect.stringContaining('--to')])
    expect([noTopic.code, noTopic.stderr]).toEqual([2, expect.stringContaining('There is no topic')])
    const runner = kafka.runner()
    expect(await runner.status('again')).toBeUndefined()

    const retried = await run(['dead-letter', 'retry', '--all', '--yes', '--json'], env)
    expect(retried.code).toBe(1)
    expect(parsed(retried.stdout)).toMatchObject([
      { offset: 0, written: true },
      { offset: 1, written: false },
    ])
    await until(async () => (await runner.status('again'))?.runs[0]?.status === 'finished')
    expect(textOf(await collect(runner.connect({ threadId: 'again' })))).toBe(talkOf(3))
    expect((await runner.status('again'))?.runs).toHaveLength(1)

    // Its source is another topic: named, it goes there, and is not executed twice.
    const named = await run(['dead-letter', 'retry', '1', '--yes', '--to', topics.commands.name], env)
    expect(named.code).toBe(0)
    const commands = useTopic(kafka.brokers, topics.commands.name)
    await until(() => commands.records.length === 2)
    expect(commands.records).toEqual(Array(2).fill({ key: 'again', value: value.toString() }))
    expect((await runner.status('again'))?.runs).toHaveLength(1)
  })

  it('as a new command executes one that was rejected, where the old one stays rejected', async () => {
    const { kafka, topics, env, send, commandFor } = useLetters()
    const early = await kafka.worker({ agents: {} })
    const letters = useTopic(kafka.brokers, topics.deadLetter.name)
    const command = commandFor(inputFor('late'), 'talker')
    await send(topics.commands.name, 'late', Buffer.from(JSON.stringify(command)))
    await until(() => letters.records.length === 1)
    await early.stop()
    await kafka.worker({ agents: talkers })
    const runner = kafka.runner()

    const asItWas = await run(['dead-letter', 'retry', '0', '--yes'], env)
    expect([asItWas.code, asItWas.stderr]).toEqual([0, expect.stringContaining('With --as-new')])
    const asNew = await run(['dead-letter', 'retry', '0', '--as-new', '--yes'], env)
    expect(asNew.code).toBe(0)
    await until(async () => (await runner.status('late'))?.runs[0]?.status === 'finished')
    expect(await runner.status('late')).toMatchObject({ runs: [{ runId: command.input.runId }] })
    expect((await runner.status('late'))?.runs).toHaveLength(1)
  })
})
