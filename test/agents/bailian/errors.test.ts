import { describe, expect, it } from 'vitest'
import { BailianAgent } from '../../../src/agents/bailian/bailian-agent.ts'
import { testAgent } from '../../../src/agents/kit/test-agent.ts'
import { useFake } from '../suite/fake-server.ts'
import { errorBody, frame, piece } from './frame.ts'
import { custom } from './mapped.ts'
import { settingsFor, useBailian } from './use-bailian.ts'

/** Of the page "Error codes": all that a call of an application can get, by their HTTP status. */
const DOCUMENTED: [number, string][] = [
  [400, 'InvalidParameter'],
  [400, 'InvalidParameter.DataInspection'],
  [400, 'InvalidURL'],
  [400, 'InvalidURL.ConnectionRefused'],
  [400, 'InvalidURL.Timeout'],
  [400, 'Arrearage'],
  [400, 'DataInspectionFailed'],
  [400, 'data_inspection_failed'],
  [400, 'BadRequest.EmptyInput'],
  [400, 'BadRequest.EmptyParameters'],
  [400, 'BadRequest.EmptyModel'],
  [400, 'BadRequestException'],
  [400, 'FlowNotPublished'],
  [400, 'FaqRuleBlocked'],
  [400, 'CustomRoleBlocked'],
  [400, 'IPInfringementSuspect'],
  [400, 'UnsupportedOperation'],
  [400, 'ServiceUnavailableError'],
  [401, 'InvalidApiKey'],
  [401, 'invalid_api_key'],
  [401, 'NOT AUTHORIZED'],
  [403, 'AccessDenied'],
  [403, 'access_denied'],
  [403, 'AccessDenied.Unpurchased'],
  [403, 'Model.AccessDenied'],
  [403, 'App.AccessDenied'],
  [403, 'Workspace.AccessDenied'],
  [403, 'Endpoint.AccessDenied'],
  [403, 'AllocationQuota.FreeTierOnly'],
  [404, 'ModelNotFound'],
  [404, 'model_not_found'],
  [404, 'WorkSpaceNotFound'],
  [404, 'NotFound'],
  [409, 'Conflict'],
  [500, 'InternalError'],
  [500, 'internal_error'],
  [500, 'InternalError.Algo'],
  [500, 'InternalError.Timeout'],
  [500, 'SystemError'],
  [500, 'ModelServiceFailed'],
  [500, 'RequestTimeOut'],
  [500, 'ResponseTimeout'],
  [500, 'InvokePluginFailed'],
  [500, 'AppProcessFailed'],
  [500, 'RewriteFailed'],
  [500, 'RetrivalFailed'],
  [503, 'ModelServingError'],
  [503, 'ModelUnavailable'],
]

const THROTTLED: [number, string][] = [
  [429, 'Throttling'],
  [429, 'Throttling.RateQuota'],
  [429, 'Throttling.BurstRate'],
  [429, 'Throttling.AllocationQuota'],
  [429, 'Throttling.Concurrency'],
  [429, 'LimitRequests'],
  [429, 'CommodityNotPurchased'],
  [429, 'PrepaidBillOverdue'],
  [429, 'PostpaidBillOverdue'],
]

const runWith = async (status: number, body: object | string) => {
  const fake = await useFake((_, answer) =>
    typeof body === 'string'
      ? answer.text(body, status)
      : answer.json(body, status, status === 429 ? { 'retry-after': '0' } : {}),
  )
  return testAgent(new BailianAgent(settingsFor(fake.url)))
}

describe('errors', () => {
  it.each([...DOCUMENTED, ...THROTTLED])('%i %s is the code of RUN_ERROR', async (status, code) => {
    const { terminal } = await runWith(status, errorBody(code, 'What went wrong.'))
    expect(terminal).toMatchObject({ type: 'RUN_ERROR', code })
    expect(terminal.message).toContain('What went wrong. (request r-1)')
  })

  it.each(DOCUMENTED)('%i %s in the stream, too', async (status, code) => {
    const { run, platform } = await useBailian()
    platform.script((id) => [piece('Half', id), frame(errorBody(code, 'Oh.'), 'error', status)])
    const { terminal, text, events } = await run('One')
    expect(terminal).toMatchObject({ type: 'RUN_ERROR', code, message: expect.stringContaining('Oh.') })
    expect(text).toBe('Half')
    // What was said has cost something.
    expect(custom(events, 'usage')).toHaveLength(1)
  })

  it('may be in a frame that is called a result', async () => {
    const { run, platform } = await useBailian()
    platform.script(() => [frame({ ...errorBody('AppProcessFailed', 'Node 3 failed.'), output: null })])
    expect((await run('One')).terminal).toMatchObject({ code: 'AppProcessFailed' })
  })

  it('may have no code', async () => {
    const { run, platform } = await useBailian()
    platform.script(() => [frame({ message: 'Something.' }, 'error')])
    expect((await run('One')).terminal).toMatchObject({
      code: 'PLATFORM_REFUSED',
      message: 'Bailian: Something.',
    })
    expect((await runWith(502, 'Bad gateway')).terminal).toMatchObject({ code: 'PLATFORM_REFUSED' })
  })

  it.each([
    ['Arrearage', 'its balance'],
    ['Model.AccessDenied', 'another model'],
    ['AllocationQuota.FreeTierOnly', 'its quota'],
    ['InternalError.Algo', 'Try again later'],
  ])('say what to do: %s', async (code, todo) => {
    expect((await runWith(400, errorBody(code, 'Oh.'))).terminal.message).toContain(todo)
  })

  it('do not take the address of an image for that of the platform', async () => {
    const { terminal } = await runWith(400, errorBody('InvalidURL.Timeout', 'Download timeout.'))
    expect(terminal.message).not.toContain('api_base')
  })

  it('come from an answer that is no stream', async () => {
    const { terminal } = await runWith(200, errorBody('FlowNotPublished', 'Publish it.'))
    expect(terminal).toMatchObject({ code: 'FlowNotPublished' })
  })

  it('name a frame that the API does not have', async () => {
    const { run, platform } = await useBailian()
    platform.script(() => [frame({ output: { text: 7 } })])
    const { terminal } = await run('One')
    expect(terminal).toMatchObject({ code: 'PLATFORM_ANSWER_INVALID' })
    expect(terminal.message).toContain('output.text')
  })

  it('end calls and steps that are open', async () => {
    const { run, platform } = await useBailian()
    platform.script((id) => [
      piece('', id, { thoughts: [{ action_type: 'api', action_name: 'weather' }] }),
      frame(errorBody('InvokePluginFailed', 'Failed to invoke plugin.'), 'error', 500),
    ])
    const { events, terminal } = await run('One')
    expect(events.map(({ type }) => type)).toContain('TOOL_CALL_END')
    expect(terminal).toMatchObject({ code: 'InvokePluginFailed' })
  })

  it('say that the platform is silent for too long', async () => {
    const fake = await useFake(async ({ closed }, answer) => {
      await answer.sse([piece('Half', 's-1')], { open: true })
      await closed
    })
    const { terminal, text } = await testAgent(new BailianAgent(settingsFor(fake.url, { timeout: 0.2 })))
    expect(terminal).toMatchObject({ type: 'RUN_ERROR', code: 'PLATFORM_TIMEOUT' })
    expect(text).toBe('Half')
    // The connection is closed, not left for the platform to end.
    await fake.requests[0]?.closed
  })
})
