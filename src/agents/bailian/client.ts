import { z } from 'zod'
import { AgentError } from '../agent-error.ts'
import { type Frame, PlatformClient } from '../platform-client.ts'
import { refusalOf } from './advice.ts'
import { type CompletionFrame, completionFrame } from './frames.ts'
import type { BailianSettings } from './settings.ts'

/** The address as people write it: Alibaba's SDKs want it with the path, its documentation shows it without. */
export const baseOf = ({ api_base }: Pick<BailianSettings, 'api_base'>): string =>
  api_base.replace(/\/+$/, '').replace(/\/api\/v1$/, '')

export const completionPath = ({ app_id }: Pick<BailianSettings, 'app_id'>): string =>
  `/api/v1/apps/${encodeURIComponent(app_id)}/completion`

export const clientOf = (settings: BailianSettings): PlatformClient =>
  new PlatformClient({
    platform: 'Bailian',
    baseUrl: baseOf(settings),
    headers: {
      authorization: `Bearer ${settings.api_key}`,
      ...(settings.workspace !== undefined && { 'x-dashscope-workspace': settings.workspace }),
    },
    timeoutMs: settings.timeout * 1000,
    errorOf: (body) => {
      const said = completionFrame.safeParse(body)
      return said.success ? refusalOf(said.data) : undefined
    },
  })

/**
 * What a frame of the stream says; undefined where it says nothing.
 * @throws AgentError with Bailian's code where the frame is an error, PLATFORM_ANSWER_INVALID
 */
export const completionOf = (client: PlatformClient, frame: Frame): CompletionFrame | undefined => {
  const data = frame.data.trim()
  if (data === '' || data === '[DONE]') return undefined
  const parsed = completionFrame.safeParse(client.parse<unknown>(frame))
  if (!parsed.success)
    throw new AgentError(
      'PLATFORM_ANSWER_INVALID',
      `Bailian sent a frame that its API does not have: ${z.prettifyError(parsed.error)}`,
    )
  const refusal = refusalOf(parsed.data)
  if (refusal !== undefined) throw new AgentError(refusal.code, `Bailian: ${refusal.message}`)
  if (frame.event === 'error')
    throw new AgentError('PLATFORM_REFUSED', `Bailian: ${parsed.data.message || data.slice(0, 200)}`)
  return parsed.data
}
