import type { Result } from './result.ts'
import { markdownTable } from './table.ts'

const MARKED = /(<!-- result: ([a-z-]+) -->\n)[\s\S]*?(<!-- end -->)/g

/** A document with the tables of the results put where it marks a place for them. */
export const withTables = (text: string, resultOf: (scenario: string) => Result): string =>
  text.replace(
    MARKED,
    (_, start: string, scenario: string, end: string) =>
      `${start}\n${markdownTable(resultOf(scenario))}\n\n${end}`,
  )
