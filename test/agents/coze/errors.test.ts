import { describe, expect, it } from 'vitest'
import { useFake } from '../suite/fake-server.ts'
import { useCoze } from './use-coze.ts'

describe('an error of Coze', () => {
  const DOCUMENTED = [
    4000, 4001, 4002, 4003, 4004, 4005, 4006, 4007, 4008, 4009, 4010, 4011, 4012, 4013, 4014, 4015, 4016,
    4019, 4020, 4021, 4022, 4100, 4101, 4102, 4104, 4105, 4200, 4300, 4301, 4302, 4303, 4304, 5000, 700012006,
  ]

  it.each(DOCUMENTED)('ends the run with its code, its words, and what to do: %i', async (code) => {
    const { platform, run } = await useCoze()
    platform.refusals = [{ code, msg: 'In Coze’s words.' }]
    const { terminal } = await run()
    expect(terminal).toMatchObject({ type: 'RUN_ERROR', code: String(code) })
    // More than the words: what to do.
    expect(terminal.message).toMatch(/In Coze’s words\. \(log id 20241210191248C8EF\) \S+ \S+/)
  })

  it('in JSON that tells of none is no answer', async () => {
    const { platform, run } = await useCoze()
    platform.refusals = [{ code: 0, msg: '' }]
    expect((await run()).terminal).toMatchObject({ code: 'PLATFORM_ANSWER_INVALID' })
  })

  it('by a status comes with its code too', async () => {
    const { platform, run } = await useCoze()
    platform.refusals = [{ code: 700012006, msg: 'access token invalid', status: 401 }]
    const { terminal } = await run()
    expect(terminal).toMatchObject({ code: '700012006' })
    expect(terminal.message).toContain('Check api_key')
  })
})

it('says nothing for longer than its timeout: PLATFORM_TIMEOUT', async () => {
  const silent = await useFake(async (_, answer) => answer.sse([': hello'], { open: true }))
  const { run } = await useCoze({ timeout: 0.2, api_base: silent.url })
  expect((await run()).terminal).toMatchObject({ type: 'RUN_ERROR', code: 'PLATFORM_TIMEOUT' })
})
