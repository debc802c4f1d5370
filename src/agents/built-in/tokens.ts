import type { ModelMessage } from 'ai'

const CHARACTERS_PER_TOKEN = 4
/** Han, kana, hangul and the like: a character is about a token. */
const WHOLE = /[\u2e80-\ud7ff\uf900-\ufaff]/g
/** What vision models take for a picture differs; this is about a middle one. */
const IMAGE_TOKENS = 1_000
const MESSAGE_TOKENS = 4

export const textTokens = (text: string): number => {
  const whole = text.match(WHOLE)?.length ?? 0
  return Math.ceil((text.length - whole) / CHARACTERS_PER_TOKEN) + whole
}

/** An estimate: the provider's own count is known only after the call. */
export const messageTokens = ({ content }: ModelMessage): number => {
  if (typeof content === 'string') return textTokens(content) + MESSAGE_TOKENS
  return content.reduce((sum, part) => sum + partTokens(part as Part), MESSAGE_TOKENS)
}

export const tokensOf = (messages: readonly ModelMessage[]): number =>
  messages.reduce((sum, message) => sum + messageTokens(message), 0)

interface Part {
  type: string
  text?: string
  input?: unknown
  output?: { value?: unknown }
  mediaType?: string
  data?: unknown
}

const partTokens = (part: Part): number => {
  if (part.type === 'file')
    return part.mediaType?.startsWith('image/') || typeof part.data !== 'string'
      ? IMAGE_TOKENS
      : Math.ceil(part.data.length / CHARACTERS_PER_TOKEN)
  if (part.type === 'tool-call') return textTokens(JSON.stringify(part.input) ?? '')
  if (part.type === 'tool-result') return textTokens(String(part.output?.value ?? ''))
  return textTokens(part.text ?? '')
}
