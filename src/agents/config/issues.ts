import type { z } from 'zod'
import { type FieldSchema, fieldsAt } from './known-fields.ts'
import { nearest } from './nearest.ts'
import type { Path, Problem } from './problem.ts'

type Issue = z.core.$ZodIssue

/** What zod has to say, in the words of a file: where it is, what is wrong, and what may have been meant. */
export const problemsOf = (issues: readonly Issue[], schema: FieldSchema, at: Path): Problem[] =>
  issues.flatMap((issue) => {
    const path = issue.path as (string | number)[]
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => unknownField(key, fieldsAt(schema, path), [...at, ...path, key]))
    if (issue.code === 'invalid_union') {
      // The branch that was meant is most likely the one with the least to complain about.
      const [branch] = issue.errors.toSorted((a, b) => a.length - b.length)
      if (branch !== undefined && branch.length > 0)
        return problemsOf(
          branch.map((each) => ({ ...each, path: [...path, ...each.path] }) as Issue),
          schema,
          at,
        )
    }
    return [{ path: [...at, ...path], message: wordsOf(issue) }]
  })

export const unknownField = (key: string, known: readonly string[], path: Path): Problem => {
  const meant = nearest(key, known)
  const hint =
    meant === undefined
      ? `there are ${known.toSorted().join(', ')}`
      : `did you mean ${JSON.stringify(meant)}?`
  return { path, message: `unknown field; ${hint}` }
}

/** Whether it is about the names of fields, not about what is in them. */
export const isAboutNames = (issue: Issue): boolean => issue.code === 'unrecognized_keys'

const wordsOf = (issue: Issue): string => {
  if (/received undefined$/.test(issue.message)) return 'it is missing'
  if (/expected boolean/.test(issue.message)) return 'it has to be true or false'
  return issue.message
    .replace(/^Invalid input: /, '')
    .replace(/^[A-Z](?=[a-z])/, (first) => first.toLowerCase())
}
