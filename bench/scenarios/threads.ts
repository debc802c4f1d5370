/** The same names in every round: threads are known from the second on. */
export const threadIds = (scenario: string, count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `${scenario}-${from + index}`)
