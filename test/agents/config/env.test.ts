// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders are what is tested
import { describe, expect, it } from 'vitest'
import { withEnvironment } from '../../../src/agents/config/env.ts'
import { parseAgentsFile } from '../../../src/agents/config/file.ts'
import { problemsIn } from './support.ts'

const put = (text: string, env: NodeJS.ProcessEnv = { KEY: 'abc', EMPTY: '' }) =>
  withEnvironment({ text }, env)

describe('${NAME} in agents.yaml', () => {
  it.each([
    ['${KEY}', 'abc'],
    ['Bearer ${KEY}, twice ${KEY}', 'Bearer abc, twice abc'],
    ['${KEY:-other}', 'abc'],
    ['${NONE:-other}', 'other'],
    ['${EMPTY:-other}', 'other'],
    ['${NONE:-}', ''],
    ['${NONE:-a:b-c d}', 'a:b-c d'],
    ['$${KEY}', '${KEY}'],
    ['$KEY and $1.50', '$KEY and $1.50'],
  ])('%s becomes %s', (text, value) => {
    expect(put(text)).toMatchObject({ value: { text: value }, problems: [] })
  })

  it.each(['${NONE}', '${EMPTY}', '${NONE} ${KEY}'])(
    '%s is a problem, which names variable and field',
    (text) => {
      const name = /NONE|EMPTY/.exec(text)?.[0]
      expect(put(text).problems).toEqual([
        { path: ['text'], message: `the environment variable ${name} is not set` },
      ])
    },
  )

  it.each(['${KEY', '${1A}', '${a.b}', '${}'])(
    '%s is a problem, which says how a plain one is written',
    (text) => {
      expect(put(text).problems).toEqual([{ path: ['text'], message: expect.stringContaining('"$${"') }])
    },
  )

  it('holds what it holds: a value is no YAML, and no placeholder', () => {
    const { value, problems } = put('${KEY}', { KEY: 'a: [b, "${OTHER}"]\nc' })
    expect([value, problems]).toEqual([{ text: 'a: [b, "${OTHER}"]\nc' }, []])
  })

  it('is looked for in maps and lists, and leaves all else alone', () => {
    const { value } = withEnvironment({ a: [{ b: '${KEY}' }], n: 1, no: null, off: false }, { KEY: 'x' })
    expect(value).toEqual({ a: [{ b: 'x' }], n: 1, no: null, off: false })
  })

  it('may stand for a number, or a yes or no', async () => {
    const text =
      'agents: { a: { type: demo, delay_ms: "${MS}", enabled: "${ON:-true}", description: "${MS}" } }'
    const { agents } = await parseAgentsFile('agents.yaml', text, { MS: '5' })
    expect(agents).toMatchObject([{ enabled: true, description: '5', settings: { delay_ms: 5 } }])
    expect(await problemsIn(text, { MS: 'soon' })).toEqual([
      expect.stringContaining('agents.a.delay_ms: expected number, received string'),
    ])
    // A text that is none stays an error.
    expect(await problemsIn('agents: { a: { type: demo, delay_ms: "5" } }')).toHaveLength(1)
  })

  it('that is not set is told once for each field, and not for agents that are off', async () => {
    const text = [
      'agents:',
      '  a: { type: dify, api_key: "${DIFY}", api_base: "${BASE}" }',
      '  b: { type: dify, api_key: "${DIFY}", enabled: "${ON:-false}" }',
    ].join('\n')
    expect(await problemsIn(text)).toEqual([
      'line 2, column 20, agents.a.api_key: the environment variable DIFY is not set.',
      'line 2, column 40, agents.a.api_base: the environment variable BASE is not set.',
    ])
  })
})
