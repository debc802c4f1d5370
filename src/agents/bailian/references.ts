import { asText } from './frames.ts'

/** What sources are listed as, at the end of an answer: one line each, by the number that the text refers to. */
export const sourceList = (references: readonly unknown[]): string => {
  const lines = new Map<string, string>()
  for (const reference of references) {
    if (typeof reference !== 'object' || reference === null) continue
    const { index_id, title, doc_name, doc_url } = reference as Record<string, unknown>
    const name = asText(title) || asText(doc_name) || asText(doc_url)
    const number = asText(index_id)
    if (name !== '') lines.set(`${number} ${name}`, number === '' ? `- ${name}` : `[${number}] ${name}`)
  }
  return lines.size === 0 ? '' : `\n\nSources:\n${[...lines.values()].join('\n')}`
}
