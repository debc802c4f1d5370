import type { AnyEvent } from '../run/event.ts'

const FAILED_STATUS = new Set(['error', 'failed', 'failure'])

/**
 * Whether a result says that its tool failed. AG-UI has no field for it, so these are what tools are known to
 * write: in the event or in a JSON object as its content a true `isError` or `is_error`, an `error` that is not
 * empty, `success` or `ok` of false, `status` of error, failed or failure; or a text that begins with "Error".
 */
export const toolFailed = (event: AnyEvent, content: string): boolean =>
  saysFailed(event) || /^error\b/i.test(content) || saysFailed(objectOf(content))

const saysFailed = (said: Record<string, unknown> | undefined): boolean =>
  said !== undefined &&
  (said.isError === true ||
    said.is_error === true ||
    Boolean(said.error) ||
    said.success === false ||
    said.ok === false ||
    FAILED_STATUS.has(String(said.status)))

const objectOf = (content: string): Record<string, unknown> | undefined => {
  if (!content.startsWith('{')) return undefined
  try {
    return JSON.parse(content)
  } catch {
    // A text that only looks like JSON says nothing of the kind.
    return undefined
  }
}
