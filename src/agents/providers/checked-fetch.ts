import { AgentError } from '../agent-error.ts'
import { errorIn } from './model-failure.ts'

/** `fetch` for a stream: servers that tell errors as JSON under HTTP 200 would look like an answer that says nothing. */
export const checkedFetch =
  (address: string): typeof globalThis.fetch =>
  async (input, init) => {
    const response = await fetch(input, init)
    if (!response.ok || !response.headers.get('content-type')?.includes('application/json')) return response
    const text = await response.text()
    // A stream under a wrong name.
    if (!isJson(text)) return new Response(text, response)
    const { code, message } = errorIn(text)
    throw new AgentError(
      code ?? 'PLATFORM_ANSWER_INVALID',
      `${address} answered JSON where a stream was asked for: ${message ?? text.slice(0, 200)}`,
    )
  }

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
