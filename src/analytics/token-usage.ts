import type { RunFactEvent } from '../fan-in/run-fact.ts'
import type { AnyEvent } from '../run/event.ts'
import type { Row } from './tables.ts'

type Tokens = Pick<Row<'runs'>, 'input_tokens' | 'output_tokens' | 'total_tokens'>

const NONE: Tokens = { input_tokens: null, output_tokens: null, total_tokens: null }

/**
 * Tokens of a run, as its agent reports them: in `usage` of the terminal event (AG-UI's own field, an array with
 * one entry a model), else in `result.usage` of RUN_FINISHED, else in CUSTOM events named "usage", which are added
 * up. Each is one object or an array of them.
 */
export const tokenUsage = (events: readonly RunFactEvent[]): Tokens => {
  const terminal = events.at(-1)?.event
  const result = terminal?.result as { usage?: unknown } | null | undefined
  return (
    sumOf(entriesOf(terminal?.usage)) ??
    sumOf(entriesOf(result?.usage)) ??
    sumOf(events.flatMap(({ event }) => (isUsage(event) ? entriesOf(event.value) : []))) ??
    NONE
  )
}

const isUsage = ({ type, name }: AnyEvent): boolean => type === 'CUSTOM' && name === 'usage'

const entriesOf = (usage: unknown): object[] =>
  (Array.isArray(usage) ? usage : [usage]).filter((entry) => typeof entry === 'object' && entry !== null)

/** What AG-UI and the AI SDK, Anthropic and OpenAI's responses, and OpenAI's chat completions call them. */
const INPUT = ['inputTokens', 'input_tokens', 'promptTokens', 'prompt_tokens']
const OUTPUT = ['outputTokens', 'output_tokens', 'completionTokens', 'completion_tokens']
const TOTAL = ['totalTokens', 'total_tokens']

const sumOf = (entries: readonly object[]): Tokens | undefined => {
  const known = entries.map(tokensOf).filter(({ total_tokens }) => total_tokens !== null)
  if (known.length === 0) return undefined
  return known.reduce((sum, each) => ({
    input_tokens: plus(sum.input_tokens, each.input_tokens),
    output_tokens: plus(sum.output_tokens, each.output_tokens),
    total_tokens: plus(sum.total_tokens, each.total_tokens),
  }))
}

const tokensOf = (entry: object): Tokens => {
  const input_tokens = numberIn(entry, INPUT)
  const output_tokens = numberIn(entry, OUTPUT)
  return {
    input_tokens,
    output_tokens,
    total_tokens: numberIn(entry, TOTAL) ?? plus(input_tokens, output_tokens),
  }
}

const numberIn = (entry: object, names: readonly string[]): number | null => {
  const values = names.map((name) => (entry as Record<string, unknown>)[name])
  const found = values.find((value) => typeof value === 'number' && Number.isFinite(value))
  return typeof found === 'number' ? Math.round(found) : null
}

const plus = (a: number | null, b: number | null): number | null =>
  a === null && b === null ? null : (a ?? 0) + (b ?? 0)
