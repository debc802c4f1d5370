import type { FilePart, ImagePart, ModelMessage, TextPart } from 'ai'
import type { ChatModel } from './chat-model.ts'

type UserPart = TextPart | ImagePart | FilePart

/** What OpenAI's chat API takes as bytes, by media type. */
const OPENAI_TAKES = /^(image\/|audio\/(wav|mp3|mpeg)$|application\/pdf$|text\/)/
/** Texts by another name. */
const IS_TEXT = /^(text\/|application\/(json|xml|yaml|x-yaml|toml|javascript|x-ndjson|sql)$)|\+(json|xml)$/
const TEXT_CHARACTERS_MAX = 200_000

/**
 * Messages whose files the model can take: a text for each that it cannot, so that a thread with one goes on. No
 * address is ever fetched here: it is passed on where the provider fetches it itself.
 */
export const withAcceptable = (
  messages: readonly ModelMessage[],
  { addresses, isOpenAICompatible }: Pick<ChatModel, 'addresses' | 'isOpenAICompatible'>,
): ModelMessage[] =>
  messages.map((message) => {
    if (message.role !== 'user' || typeof message.content === 'string') return message
    return {
      ...message,
      content: message.content.map((part) => acceptable(part, addresses, isOpenAICompatible)),
    }
  })

const acceptable = (
  part: UserPart,
  addresses: ChatModel['addresses'],
  isOpenAICompatible: boolean,
): UserPart => {
  if (part.type !== 'file') return part
  const { data, mediaType, filename } = part
  const name = filename ?? 'without a name'
  if (data instanceof URL) {
    if (takesAddress(addresses, mediaType, data.href)) return part
    return { type: 'text', text: `[File ${name}, ${mediaType}: ${data.href}]` }
  }
  if (IS_TEXT.test(mediaType) && typeof data === 'string') {
    const text = Buffer.from(data, 'base64').toString().slice(0, TEXT_CHARACTERS_MAX)
    return { type: 'text', text: `[File ${name}, ${mediaType}]\n${text}` }
  }
  if (!isOpenAICompatible || OPENAI_TAKES.test(mediaType)) return part
  return { type: 'text', text: `[File ${name}, ${mediaType}: this model cannot read it.]` }
}

/** By AI SDK's rule: media types with a * at the end, and patterns of addresses. */
const takesAddress = (addresses: ChatModel['addresses'], mediaType: string, address: string): boolean =>
  Object.entries(addresses).some(
    ([type, patterns]) =>
      (type === '*' || type === '*/*' || mediaType.startsWith(type.replace(/\*$/, ''))) &&
      patterns.some((pattern) => pattern.test(address)),
  )
