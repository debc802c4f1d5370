import { describe, expect, it } from 'vitest'
import { clientConfig, optionsFromEnv, runnerConfig, workerConfig } from '../../src/config.ts'

const kafka = { brokers: 'one:9092, two:9092' }

describe('the configuration', () => {
  it('takes options and the environment under the same names', () => {
    const env = {
      KAFKA_BROKERS: 'one:9092,two:9092',
      KAR_MAX_CONCURRENT_RUNS: '7',
      KAFKA_SSL: 'true',
      HOME: '/',
    }
    const config = workerConfig(optionsFromEnv(env, 'worker') as never)
    expect(config.kafka).toMatchObject({
      brokers: ['one:9092', 'two:9092'],
      ssl: true,
      replicationFactor: -1,
    })
    expect(config).toMatchObject({ maxConcurrentRuns: 7, prefix: 'agents', groupId: 'agents.workers' })
  })

  it.each([
    ['brokers', { kafka: { brokers: 'nowhere' } }],
    ['brokers', { kafka: { brokers: [] } }],
    ['prefix', { kafka, prefix: 'a b' }],
    ['commandPartitions', { kafka, commandPartitions: 0 }],
    ['readTimeoutMs', { kafka, readTimeoutMs: 'soon' }],
    ['maxRuns', { kafka, maxRuns: 3 }],
    ['mechanism', { kafka: { ...kafka, sasl: { mechanism: 'none', username: 'a', password: 'b' } } }],
  ])('names %s where it is impossible or unknown', (name, input) => {
    expect(() => clientConfig(input as never)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(name) }),
    )
  })

  it('names what does not go together, and modes that there are not', () => {
    expect(() => workerConfig({ kafka, presenceLimitMs: 1_000, presenceIntervalMs: 900 })).toThrow(
      'presenceIntervalMs',
    )
    expect(() => runnerConfig({ kafka, onConcurrentRun: 'throw' as never })).toThrow('onConcurrentRun')
  })

  it('refuses a variable that nothing reads', () => {
    expect(() => optionsFromEnv({ KAR_MAX_CONCURENT_RUNS: '7' }, 'worker')).toThrow('KAR_MAX_CONCURENT_RUNS')
  })

  it('keeps a password out of its error', () => {
    const sasl = { mechanism: 'plain', username: '', password: 'hunter2' }
    expect(() => clientConfig({ kafka: { ...kafka, sasl } } as never)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    )
  })
})
