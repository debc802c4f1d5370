import { createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { AGENTS, cleanEnv, run, temporaryFolder } from './kar.ts'

const COMMANDS = [
  'serve',
  'run',
  'connect',
  'stop',
  'delete',
  'status',
  'worker',
  'broker',
  'schemas',
  'webhooks',
  'triggers',
  'analytics',
  'replay',
  'threads',
  'tail',
  'dead-letter',
  'topics',
  'workers',
  'agents',
  'init',
]

describe('kar', () => {
  it('has help with examples for every command, and a version', async () => {
    const [all, version, ...each] = await Promise.all([
      run(['--help']),
      run(['--version']),
      ...COMMANDS.map((command) => run([command, '--help'])),
    ])
    expect(all.code).toBe(0)
    for (const command of COMMANDS) expect(all.stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
    expect(version).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/) })
    for (const { code, stdout } of each) {
      expect(code).toBe(0)
      expect(stdout).toMatch(/Examples:\n {2}\$ .*kar /)
    }
  })

  it.concurrent.each([
    ['an unknown command', ['nope'], {}, 'unknown command'],
    ['an unknown option', ['run', '--nope'], {}, 'unknown option'],
    ['a missing argument', ['connect'], {}, 'missing required argument'],
    ['nothing to ask', ['run'], {}, 'nothing to ask'],
    ['no known brokers', ['run', 'Hi'], {}, 'KAFKA_BROKERS'],
    ['brokers that are no addresses', ['run', '--brokers', 'here', 'Hi'], {}, 'kafka.brokers.0'],
    ['a variable that nobody reads', ['status'], { KAR_PREFIXX: 'a', KAFKA_BROKERS: 'h:1' }, 'KAR_PREFIXX'],
    ['what is no cursor', ['connect', 'hello', '--after', 'here'], {}, 'no cursor'],
    ['a bad port', ['serve', '--port', 'http'], {}, 'port'],
    ['a bad number of nodes', ['broker', '--nodes', 'two'], {}, 'whole number'],
    [
      'an agents module that is not there',
      ['worker', '--agents', './no.ts', '--brokers', 'h:1'],
      {},
      'no file',
    ],
    [
      'an agents module without agents',
      ['worker', '--agents', AGENTS.replace('agents.ts', 'no-agents.ts'), '--brokers', 'h:1'],
      {},
      'neither',
    ],
  ])('exits with 2 and one line for %s', async (_name, args, env, part) => {
    const { code, stdout, stderr } = await run(args, cleanEnv(env))
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^kar: /)
    expect(stderr.toLowerCase()).toContain(part.toLowerCase())
    expect(stderr).not.toContain('    at ')
  })

  it('exits with 3 where no broker answers, and shows the stack only with KAR_DEBUG', async () => {
    const env = { KAFKA_BROKERS: '127.0.0.1:1', KAR_BROKER_WAIT_MS: '1' }
    const [plain, debug, worker] = await Promise.all([
      run(['status'], cleanEnv(env)),
      run(['status'], cleanEnv({ ...env, KAR_DEBUG: '1' })),
      run(['worker', '--agents', AGENTS], cleanEnv(env)),
    ])
    expect([plain.code, debug.code, worker.code]).toEqual([3, 3, 3])
    expect(plain.stderr).toMatch(/^kar: .*127\.0\.0\.1:1.*\[BROKER_UNAVAILABLE\]\n$/)
    expect(debug.stderr).toContain('    at ')
  })

  it('serve says so in a moment when its port is taken, and starts nothing', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const env = cleanEnv({ KAR_DATA_DIR: temporaryFolder() })
    const { code, stderr } = await run(['serve', '--port', String(port)], env)
    expect(code).toBe(2)
    expect(stderr).toContain(`Port ${port} of 127.0.0.1 is taken`)
  })
})
