import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { bailianSettings } from '../../../src/agents/bailian/settings.ts'

const given = { api_key: 'sk-1', app_id: 'a' }

describe('settings', () => {
  it('have the platform’s defaults', () => {
    expect(bailianSettings.parse(given)).toEqual({
      ...given,
      app_type: 'agent',
      api_base: 'https://dashscope.aliyuncs.com',
      rag_options: { pipeline_ids: [], file_ids: [], output_reference: false },
      variables: {},
      timeout: 60,
    })
  })

  it.each([
    ['an unknown field', { ...given, dashscope_app_id: 'a' }, 'dashscope_app_id'],
    ['a type of application that there is not', { ...given, app_type: 'chat' }, 'app_type'],
    ['no key', { app_id: 'a' }, 'api_key'],
    ['an address that is none', { ...given, api_base: 'dashscope' }, 'api_base'],
    [
      'documents without their knowledge base',
      { ...given, rag_options: { file_ids: ['f'] } },
      'pipeline_ids',
    ],
    ['no time', { ...given, timeout: 0 }, 'timeout'],
  ])('refuse %s, and name it', (_, value, name) => {
    const { error } = bailianSettings.safeParse(value)
    expect(JSON.stringify(error?.issues)).toContain(name)
  })

  it('are described for editors, field by field', () => {
    const { properties } = z.toJSONSchema(bailianSettings, { io: 'input' })
    for (const [name, field] of Object.entries(properties ?? {}))
      expect((field as { description?: string }).description, name).toEqual(expect.any(String))
    expect(properties?.api_key).toMatchObject({ secret: true })
  })
})
