import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BaseEvent } from '@ag-ui/client'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it } from 'vitest'
import type { KafkaAgentRunner } from '../../src/runner/kafka-agent-runner.ts'
import { ScriptedAgent, talker, talkOf } from '../support/agents.ts'
import { collect, inputFor, textOf } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
import { cleanEnv, run, temporaryFolder } from './kar.ts'

const failing = new ScriptedAgent(async function* ({ threadId, runId }) {
  yield { type: 'RUN_STARTED', threadId, runId }
  throw new Error('the model is away')
}, 'failing')

const talks = (runner: KafkaAgentRunner, threadId: string, agent = new ScriptedAgent(talker(3), 'talker')) =>
  collect(runner.run({ threadId, agent, input: inputFor(threadId) }))

/** Threads one, two and three, in this order; two failed. */
const useThreads = async () => {
  const kafka = useKafka()
  const runner = kafka.runner({ worker: true })
  const events: BaseEvent[] = []
  events.push(...(await talks(runner, 'one')), ...(await talks(runner, 'one')))
  await talks(runner, 'two', failing)
  await talks(runner, 'three')
  const env = cleanEnv({ KAFKA_BROKERS: kafka.brokers.join(','), KAR_PREFIX: kafka.prefix })
  return { runner, env, events }
}

const parsed = (lines: string) =>
  lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('kar threads', () => {
  it('lists them, newest first, by agent and status, and shows one', async () => {
    const { runner, env } = await useThreads()
    const [table, failed, two] = await Promise.all([
      run(['threads', 'ls'], env),
      run(['threads', 'ls', '--json', '--status', 'failed', '--agent', 'failing'], env),
      run(['threads', 'ls', '--limit', '2', '--agent', 'talker', '--json'], env),
    ])
    expect(table.stdout).toMatch(
      /^THREAD +AGENT +STATUS +RUNS +EVENTS .*\nthree +talker +finished +1 +7 .*\ntwo .*\none +talker +finished +2 +14 /,
    )
    expect(parsed(failed.stdout)).toMatchObject([{ threadId: 'two', status: 'failed' }])
    expect(parsed(two.stdout).map(({ threadId }) => threadId)).toEqual(['three', 'one'])
    await runner.deleteThread({ threadId: 'three' })
    const [left, shown, asJson, gone] = await Promise.all([
      run(['threads', 'ls', '--json', '--limit', '1'], env),
      run(['threads', 'show', 'one'], env),
      run(['threads', 'show', 'one', '--json'], env),
      run(['threads', 'show', 'three'], env),
    ])
    expect(parsed(left.stdout).map(({ threadId }) => threadId)).toEqual(['two'])
    expect(left.stderr).toContain('1 more: --limit 2')
    expect(shown.stdout).toMatch(/^Thread one: idle, 2 runs, 14 events\n/)
    expect(shown.stdout.split('\n\n')[1]).toBe(
      'you       Hello\nagent     0 1 2 \nyou       Hello\nagent     0 1 2 \n',
    )
    expect(JSON.parse(asJson.stdout)).toMatchObject({
      running: false,
      runs: [{ status: 'finished' }, { status: 'finished' }],
      messages: [{ role: 'user' }, { role: 'assistant', content: talkOf(3) }, { role: 'user' }, {}],
    })
    expect([gone.code, gone.stdout]).toEqual([1, ''])
  })

  it('shows a run that goes on as far as it has come', async () => {
    const kafka = useKafka()
    const runner = kafka.runner({ worker: true })
    const agent = new ScriptedAgent(async function* ({ threadId, runId }, signal) {
      yield { type: 'RUN_STARTED', threadId, runId }
      yield { type: 'TEXT_MESSAGE_START', messageId: 'm', role: 'assistant' }
      yield { type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta: 'So far' }
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    })
    const said = Promise.withResolvers<void>()
    runner
      .run({ threadId: 'open', agent, input: inputFor('open') })
      .subscribe(({ type }) => String(type) === 'TEXT_MESSAGE_CONTENT' && said.resolve())
    await said.promise
    const env = cleanEnv({ KAFKA_BROKERS: kafka.brokers.join(','), KAR_PREFIX: kafka.prefix })
    const [shown, listed] = await Promise.all([
      run(['threads', 'show', 'open'], env),
      run(['threads', 'ls', '--status', 'running', '--json'], env),
    ])
    expect(shown.stdout).toMatch(/^Thread open: running, 1 run, 3 events\n/)
    expect(shown.stdout).toContain('agent     So far')
    expect(parsed(listed.stdout)).toMatchObject([{ threadId: 'open' }])
    await runner.stop({ threadId: 'open' })
  })
})

describe('kar threads export', () => {
  it('writes the events as they were appended, a transcript, or a Parquet file of the same rows', async () => {
    const { env, events } = await useThreads()
    const folder = temporaryFolder()
    const [jsonl, md, all, mdAll, parquet] = await Promise.all([
      run(['threads', 'export', 'one'], env),
      run(['threads', 'export', 'one', '--format', 'md'], env),
      run(['threads', 'export', '--all', '--out', join(folder, 'all.jsonl')], env),
      run(['threads', 'export', '--all', '--format', 'md'], env),
      run(['threads', 'export', '--all', '--format', 'parquet', '-o', join(folder, 'all.parquet')], env),
    ])
    expect([jsonl, md, all, mdAll, parquet].map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
    const lines = parsed(jsonl.stdout)
    expect(lines.map(({ event }) => event)).toEqual(events)
    expect(lines.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1))
    for (const { time } of lines) expect(Math.abs(time - Date.now())).toBeLessThan(60_000)
    expect(md.stdout).toMatch(/^# Thread one\n\n- .*: run .*, agent talker, RUN_FINISHED\n/)
    expect(md.stdout).toContain('**User**\n\nHello\n\n**Agent**\n\n0 1 2 ')
    expect(mdAll.stdout.match(/^# Thread \w+$/gm)).toEqual(['# Thread one', '# Thread two', '# Thread three'])
    const rows = parsed(readFileSync(join(folder, 'all.jsonl'), 'utf8'))
    expect(textOf(rows.map(({ event }) => event))).toBe(talkOf(3).repeat(3))
    expect(readdirSync(folder).toSorted()).toEqual(['all.jsonl', 'all.parquet'])

    const database = await DuckDBInstance.create(':memory:')
    const connection = await database.connect()
    const found = await connection.runAndReadAll(
      `SELECT thread_id, run_id, agent_id, seq, epoch_ms("time"), "type", event FROM '${join(folder, 'all.parquet')}'`,
    )
    expect(found.getRows().map((row) => [...row.slice(0, 6), JSON.parse(String(row[6]))])).toEqual(
      rows.map(({ threadId, runId, agentId, seq, time, type, event }) => [
        threadId,
        runId,
        agentId,
        BigInt(seq),
        BigInt(time),
        type,
        event,
      ]),
    )
    connection.closeSync()
    database.closeSync()
  })

  it('leaves no file for a thread that is not there, and says what is missing', async () => {
    const kafka = useKafka()
    const env = cleanEnv({ KAFKA_BROKERS: kafka.brokers.join(','), KAR_PREFIX: kafka.prefix })
    const folder = temporaryFolder()
    const [gone, nothing, noFile] = await Promise.all([
      run(['threads', 'export', 'nothing', '--out', join(folder, 'nothing.jsonl')], env),
      run(['threads', 'export'], env),
      run(['threads', 'export', 'one', '--format', 'parquet'], env),
    ])
    expect([gone.code, readdirSync(folder)]).toEqual([1, []])
    expect([nothing.code, nothing.stderr]).toEqual([2, expect.stringContaining('--all')])
    expect([noFile.code, noFile.stderr]).toEqual([2, expect.stringContaining('--out')])
  })
})
