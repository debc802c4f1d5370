import { describe, expect, it } from 'vitest'
import { useKafka } from '../support/kafka.ts'
import { cleanEnv, run, start } from './kar.ts'
import { useRecordedThread } from './recorded-thread.ts'

const HOURS = 3_600_000

/** A thread of two runs, three hours apart, in run records alone. */
const useThread = async () => {
  const kafka = useKafka()
  const env = cleanEnv({ KAFKA_BROKERS: kafka.brokers.join(','), KAR_PREFIX: kafka.prefix })
  const from = Date.UTC(2026, 10, 21, 9)
  const events = await useRecordedThread(kafka, 'played', [
    { runId: 'first', startedAt: from, pauses: Array(20).fill(200) },
    { runId: 'second', startedAt: from + 3 * HOURS, pauses: [0, 0] },
  ])
  return { kafka, env, events }
}

const parsed = (lines: string) =>
  lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('kar replay', () => {
  it('gives a compacted thread as it was appended: each delta with its seq and time', async () => {
    const { env, events } = await useThread()
    const { code, stdout, stderr } = await run(['replay', 'played', '--speed', 'max', '--json'], env)
    expect([code, stderr]).toEqual([0, ''])
    expect(parsed(stdout)).toEqual(events.map((event) => ({ ...event, agentId: 'a' })))

    const part = await run(
      ['replay', 'played', '--speed', 'max', '--json', '--from', '5', '--until', '25'],
      env,
    )
    expect(parsed(part.stdout).map(({ seq }) => seq)).toEqual(Array.from({ length: 21 }, (_, at) => at + 5))
  })

  it('takes a tenth of the time at 10x, and says how long a pause between runs was', async () => {
    const { env } = await useThread()
    const kar = start(['replay', 'played', '--speed', '10x'], env)
    await kar.until('agent')
    const began = performance.now()
    await kar.until('done')
    const firstRunMs = performance.now() - began
    expect(await kar.ended).toBe(0)
    // Four seconds of deltas; the pause of three hours is cut to one second of the thread's, a tenth of that here.
    expect(firstRunMs).toBeGreaterThan(250)
    expect(firstRunMs).toBeLessThan(3_000)
    expect(kar.stdout).toContain('0 1 2 3')
    // Between the end of the first run and the start of the second, not from start to start.
    expect(kar.stdout).toMatch(/run finished\n\n… 3 h later\n\nrun +second/)
  })

  it('takes its time at 1x', async () => {
    const { env } = await useThread()
    const kar = start(['replay', 'played', '--from', '3', '--until', '8', '--json'], env)
    await kar.until('"seq":3')
    const began = performance.now()
    await kar.until('"seq":8')
    expect(performance.now() - began).toBeGreaterThan(600)
    expect(performance.now() - began).toBeLessThan(5_000)
    expect(await kar.ended).toBe(0)
  })

  it('ends on Ctrl-C, and says how to go on', async () => {
    const { env } = await useThread()
    const kar = start(['replay', 'played', '--speed', '0.1x', '--json'], env)
    await kar.until('"seq":3')
    kar.child.kill('SIGINT')
    expect(await kar.ended).toBe(130)
    const next = parsed(kar.stdout).at(-1).seq + 1
    expect(kar.stderr).toMatch(new RegExp(`replay played --from ${next}\\n$`))
  })

  it('plays records without times without pauses, and says so once', async () => {
    const kafka = useKafka()
    const env = cleanEnv({ KAFKA_BROKERS: kafka.brokers.join(','), KAR_PREFIX: kafka.prefix })
    const old = { startedAt: 1, pauses: Array(5).fill(60_000), timed: false }
    await useRecordedThread(kafka, 'old', [
      { ...old, runId: 'first' },
      { ...old, runId: 'second' },
    ])
    const { code, stdout, stderr } = await run(['replay', 'old'], env)
    expect(code).toBe(0)
    expect(stdout.match(/0 1 2 3 4/g)).toHaveLength(2)
    expect(stderr.match(/without times/g)).toHaveLength(1)
  })

  it('exits with 1 for a thread that is not there, and creates nothing for it', async () => {
    const kafka = useKafka()
    const env = cleanEnv({ KAFKA_BROKERS: kafka.brokers.join(','), KAR_PREFIX: kafka.prefix })
    const { code, stdout, stderr } = await run(['replay', 'nothing'], env)
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining('There is no thread "nothing"')])
  })
})
