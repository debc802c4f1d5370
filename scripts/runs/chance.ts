import type { Random } from '../../test/simulator/random.ts'

/** Skewed as waiting times are; `spread` is the deviation of its logarithm. */
export const logNormal = (random: Random, median: number, spread: number): number => {
  // Box and Muller; 1 - next() is never zero.
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
  return median * Math.exp(normal * spread)
}

export const weighted = <T>(random: Random, list: readonly T[], weightOf: (item: T) => number): T => {
  let left = random.next() * list.reduce((sum, item) => sum + weightOf(item), 0)
  for (const item of list) {
    left -= weightOf(item)
    if (left < 0) return item
  }
  return list.at(-1)!
}

const WORDS =
  'the a of order invoice page result model answer please check when why after customer found item price version error log table value next because before report week account open close show status'.split(
    ' ',
  )

/** Words with a blank behind each. */
export const textOf = (random: Random, words: number): string => {
  let text = ''
  for (let word = 0; word < words; word += 1) text += `${random.pick(WORDS)} `
  return text
}
