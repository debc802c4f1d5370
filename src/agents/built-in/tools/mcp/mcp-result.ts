import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import type { ToolOutcome } from '../tool.ts'

type Part = CallToolResult['content'][number]

/** What a server answered, as text for a model: an error's text as it is. */
export const outcomeOf = ({ content, structuredContent, isError }: CallToolResult): ToolOutcome => {
  const text = content
    .map(textOf)
    .filter((part) => part !== '')
    .join('\n')
  // Servers repeat it as text for clients that do not know it.
  const structured = text === '' && structuredContent !== undefined ? JSON.stringify(structuredContent) : text
  return { content: structured, isError: isError === true }
}

const textOf = (part: Part): string => {
  if (part.type === 'text') return part.text
  if (part.type === 'image' || part.type === 'audio')
    return `[${part.type}, ${part.mimeType}, ${sizeOf(part.data)}: its bytes are left out]`
  if (part.type === 'resource_link') return JSON.stringify(part)
  const { uri, mimeType = 'unknown type' } = part.resource
  if ('text' in part.resource) return `${uri}:\n${part.resource.text}`
  return `[${uri}, ${mimeType}, ${sizeOf(part.resource.blob)}: its bytes are left out]`
}

const sizeOf = (base64: string): string => `${Buffer.byteLength(base64, 'base64').toLocaleString('en')} bytes`
