import jsonata from 'jsonata'
import { BoundedRegExp } from './bounded-regexp.ts'

/** A JSONata expression that ends, and says the same about a record whenever it is asked. */
export interface Expression {
  /** Plain JSON, or undefined where it found nothing. @throws Error, also when it takes too long */
  evaluate(input: object): Promise<unknown>
}

const LIMITS = {
  /** Steps of one evaluation: some tenths of a second. Counted, since a limit in time would depend on the machine. */
  steps: 100_000,
  /** Nested steps: recursion. */
  stack: 500,
  /** Items of one sequence. */
  sequence: 100_000,
  /** Milliseconds, for functions that take long in one step. */
  timeout: 1_000,
  /** Characters of an expression. */
  length: 10_000,
} as const

/** Their answer is another at each delivery of a record, or is the record's own to choose. */
const REFUSED: Record<string, string> = {
  now: 'gives another answer at each delivery of a record; "time" is the record’s',
  millis: 'gives another answer at each delivery of a record; "time" is the record’s',
  random: 'gives another answer at each delivery of a record',
  shuffle: 'gives another answer at each delivery of a record',
  eval: 'would let records bring expressions of their own',
}

/** JSONata's hook: called before each step. */
const EVERY_STEP = Symbol.for('jsonata.__evaluate_entry') as unknown as string

/** @throws Error that says what is wrong and where */
export const compileExpression = (source: string): Expression => {
  if (source.length > LIMITS.length) throw new Error(`is longer than ${LIMITS.length} characters`)
  const { stack, sequence, timeout } = LIMITS
  const RegexEngine = BoundedRegExp as unknown as RegExpConstructor
  const compiled = parsed(source, { stack, sequence, timeout, RegexEngine })
  const refused = refusedName(compiled.ast())
  if (refused !== undefined) throw new Error(`uses $${refused}, which ${REFUSED[refused]}`)
  // Of each evaluation, known by its own time stamp.
  const steps = new WeakMap<Date, number>()
  compiled.assign(EVERY_STEP, (_node: unknown, _input: unknown, { timestamp }: jsonata.Environment) => {
    const count = (steps.get(timestamp) ?? 0) + 1
    if (count > LIMITS.steps) throw new Error(`took more than ${LIMITS.steps} steps`)
    steps.set(timestamp, count)
  })
  return {
    evaluate: async (input) => {
      try {
        return plain(await again(() => compiled.evaluate(input)))
      } catch (error) {
        throw new Error(textOf(error), { cause: error })
      }
    },
  }
}

/** Time may have passed because the machine stood still: that is no reason to turn a record away. */
const again = async <T>(evaluate: () => Promise<T>): Promise<T> => {
  try {
    return await evaluate()
  } catch (error) {
    if ((error as Partial<jsonata.JsonataError>)?.code !== 'D1012') throw error
    return evaluate()
  }
}

const parsed = (source: string, options: jsonata.JsonataOptions): jsonata.Expression => {
  try {
    return jsonata(source, options)
  } catch (error) {
    const { position } = error as Partial<jsonata.JsonataError>
    const where = position === undefined ? '' : ` (at character ${position})`
    throw new Error(`${textOf(error)}${where}`, { cause: error })
  }
}

/** JSONata's arrays carry marks. */
const plain = (result: unknown): unknown => {
  const text = jsonOf(result)
  return text === undefined ? undefined : JSON.parse(text)
}

/** Its functions are objects that hold the whole evaluation. */
const jsonOf = (result: unknown): string | undefined => {
  try {
    return JSON.stringify(result)
  } catch (error) {
    throw new Error('its result is no JSON; it may hold a function', { cause: error })
  }
}

/** What JSONata throws is no Error. */
const textOf = (thrown: unknown): string => {
  const { message } = (thrown ?? {}) as { message?: unknown }
  return typeof message === 'string' ? message : String(thrown)
}

/** The name of a refused function that the syntax tree mentions anywhere. */
const refusedName = (node: unknown, seen = new Set<object>()): string | undefined => {
  if (typeof node !== 'object' || node === null || seen.has(node)) return undefined
  seen.add(node)
  const { type, value } = node as { type?: unknown; value?: unknown }
  if (type === 'variable' && typeof value === 'string' && Object.hasOwn(REFUSED, value)) return value
  for (const child of Object.values(node)) {
    const found = refusedName(child, seen)
    if (found !== undefined) return found
  }
  return undefined
}
