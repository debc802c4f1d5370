import { readFileSync } from 'node:fs'
import { createParser } from 'eventsource-parser'
import { type CozeFrame, fieldsOf } from '../../../src/agents/coze/frame.ts'

export type Fixture = 'answer' | 'plugin' | 'requires-action' | 'submitted' | 'overview'

/** A stream of Coze's documentation, as it is sent; its source is said in it. */
export const fixture = (name: Fixture): string[] =>
  readFileSync(new URL(`fixtures/${name}.sse`, import.meta.url), 'utf8')
    .trim()
    .split('\n\n')

/** The same as the mapping gets it: parsed, and without `done`. */
export const framesOf = (name: Fixture): CozeFrame[] => {
  const frames: CozeFrame[] = []
  const parser = createParser({
    onEvent: ({ event = '', data }) => {
      if (event !== 'done') frames.push({ event, data: fieldsOf(JSON.parse(data)) })
    },
  })
  parser.feed(`${fixture(name).join('\n\n')}\n\n`)
  return frames
}
