import { describe, expect, it } from 'vitest'
import { cozeSettings } from '../../../src/agents/coze/settings.ts'
import { ANSWER } from '../suite/agent-case.ts'
import { BOT } from './fake-coze.ts'
import { useCoze } from './use-coze.ts'

describe('the settings', () => {
  it('have the platform’s defaults', () => {
    expect(cozeSettings.parse({ api_key: 'k', bot_id: 'b' })).toEqual({
      api_key: 'k',
      bot_id: 'b',
      api_base: 'https://api.coze.cn',
      timeout: 120,
      auto_save_history: true,
      variables: {},
      parameters: {},
    })
  })

  it('do not take a number for an id: its last digits would be lost', () => {
    const { error } = cozeSettings.safeParse({ api_key: 'k', bot_id: Number(BOT) })
    expect(error?.issues[0]?.message).toContain('put it in quotes')
  })

  it('take no user in an address, which would be told in messages', () => {
    const settings = { api_key: 'k', bot_id: 'b', api_base: 'https://user:password@api.coze.cn' }
    expect(cozeSettings.safeParse(settings).error?.issues[0]?.path).toEqual(['api_base'])
  })

  it('take an address with a slash at its end', async () => {
    const { run, fake } = await useCoze()
    const { text } = await run({}, { api_base: `${fake.url}/` })
    expect(text).toBe(ANSWER)
  })
})
