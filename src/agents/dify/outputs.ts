import type { RunEvents } from '../run-events.ts'
import type { Answer } from './answer.ts'

/**
 * Says a workflow's output, where it did not come piece by piece before: the one with the name, else the only one.
 */
export const sayOutput = (
  outputs: Readonly<Record<string, unknown>>,
  outputKey: string,
  answer: Answer,
  events: RunEvents,
): void => {
  const names = Object.keys(outputs)
  if (Object.hasOwn(outputs, outputKey)) {
    const other = answer.whole(asText(outputs[outputKey]))
    if (other !== undefined) answer.chunk(other, `output.${outputKey}`)
    return
  }
  if (!answer.isEmpty || names.length === 0) return
  const [only] = names
  if (names.length === 1) {
    answer.chunk(asText(outputs[only!]))
    return
  }
  events.custom('notice', {
    code: 'OUTPUT_MISSING',
    message:
      `The workflow has no output "${outputKey}", but ${names.map((name) => JSON.stringify(name)).join(', ')}. ` +
      'Set workflow_output_key to the one that is the answer.',
  })
}

const asText = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value)
