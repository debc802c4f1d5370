import type { z } from 'zod'
import type { Replaced } from './env.ts'
import { isAboutNames, problemsOf } from './issues.ts'
import type { FieldSchema } from './known-fields.ts'
import type { Path, Problem } from './problem.ts'

export interface Validated<T> {
  /** Undefined where there are problems. */
  value?: T
  problems: Problem[]
}

interface Place {
  /** Where in the file the value is. */
  at: Path
  /** For the names that fields may have. */
  fields: FieldSchema
  replaced: Replaced
  /** Of what is switched off only the names of fields are looked at: the rest may be unfinished. */
  off: boolean
}

/** A value by a schema. Where a placeholder stands for a number or a yes or no, its text is taken as one. */
export const validate = <T>(value: unknown, schema: z.ZodType<T>, place: Place): Validated<T> => {
  const { at, fields, replaced, off } = place
  const first = schema.safeParse(value)
  if (first.success) return { value: first.data, problems: [] }
  const texts = first.error.issues.filter(
    (issue) => issue.code === 'invalid_type' && replaced.hadPlaceholder([...at, ...(issue.path as Path)]),
  )
  const converted = texts.reduce((whole, issue) => convertAt(whole, issue.path as Path), value)
  const result = texts.length === 0 ? first : schema.safeParse(converted)
  if (result.success) return { value: result.data, problems: [] }
  const { issues } = result.error
  return { problems: problemsOf(off ? issues.filter(isAboutNames) : issues, fields, at) }
}

const convertAt = (value: unknown, [part, ...rest]: Path): unknown => {
  if (part === undefined) return converted(value)
  if (Array.isArray(value)) return value.map((each, at) => (at === part ? convertAt(each, rest) : each))
  const fields = value as Record<string, unknown>
  return { ...fields, [part]: convertAt(fields[part], rest) }
}

const converted = (text: unknown): unknown => {
  if (typeof text !== 'string') return text
  if (text === 'true' || text === 'false') return text === 'true'
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text)
}
