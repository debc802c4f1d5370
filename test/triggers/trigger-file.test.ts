import { describe, expect, it } from 'vitest'
import { compileTriggers } from '../../src/triggers/trigger.ts'
import { parseTriggerFile, readTriggerFile } from '../../src/triggers/trigger-file.ts'

const trigger = { id: 'a', topic: 'orders', agent: 'support', threadId: 'key', message: '"x"' }
const parse = (content: object) => parseTriggerFile('t.json', JSON.stringify(content))

describe('the triggers file', () => {
  it('is YAML or JSON, with the same fields and defaults', async () => {
    const yaml = 'triggers:\n  - { id: a, topic: orders, agent: support, threadId: key, message: \'"x"\' }\n'
    const fromYaml = await parseTriggerFile('t.yaml', yaml)
    expect(fromYaml.triggers).toEqual((await parse({ triggers: [trigger] })).triggers)
    expect(fromYaml.triggers[0]).toMatchObject({ format: 'json', onConcurrentRun: 'enqueue' })
  })

  it('is the example that the repository has', async () => {
    const file = await readTriggerFile('consumers/triggers.example.yaml')
    expect(compileTriggers(file).length).toBe(file.triggers.length)
  })

  it.each([
    ['an unknown field', { triggers: [{ ...trigger, agentt: 'x' }] }, ['triggers.0', '"agentt"']],
    ['an unknown field at the top', { triggers: [trigger], group: 'x' }, ['"group"']],
    ['a missing field', { triggers: [{ ...trigger, threadId: undefined }] }, ['triggers.0.threadId']],
    ['no trigger', { triggers: [] }, ['triggers']],
    [
      'a mode that there is not',
      { triggers: [{ ...trigger, onConcurrentRun: 'wait' }] },
      ['onConcurrentRun'],
    ],
    ['an id that would not do in a command id', { triggers: [{ ...trigger, id: 'a/b' }] }, ['triggers.0.id']],
    ['an id that is there twice', { triggers: [trigger, trigger] }, ['triggers.1.id', 'there twice']],
  ])('is an error that names the file and the field: %s', async (_, content, named) => {
    await expect(parse(content)).rejects.toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(new RegExp(['t.json', ...named].join('.*'))),
      }),
    )
  })

  it.each([
    ['bad.yaml', 'triggers: [', 'bad.yaml'],
    ['bad.json', '{', 'bad.json'],
    ['twice.yaml', 'triggers: []\ntriggers: []', 'unique'],
  ])('is an error where it cannot be parsed: %s', async (path, text, named) => {
    await expect(parseTriggerFile(path, text)).rejects.toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(named) }),
    )
  })

  it('names the file, the trigger and the expression that is none', async () => {
    const file = await parse({ triggers: [{ ...trigger, agent: '=value.' }] })
    expect(() => compileTriggers(file)).toThrow(/t\.json.*"a", agent: Unexpected end/)
    await expect(readTriggerFile('nowhere.yaml')).rejects.toThrow(/nowhere\.yaml.*cannot be read/)
  })
})
