import type { Message } from '@ag-ui/client'

/** Something that was said or done in a thread, for people. */
export interface Turn {
  who: 'user' | 'agent' | 'thinking' | 'tool' | 'result' | 'system' | 'activity'
  text: string
}

/** A thread's messages, one after the other; an assistant's calls behind what it said. */
export const turnsOf = (messages: readonly Message[]): Turn[] =>
  messages.flatMap((message): Turn[] => {
    switch (message.role) {
      case 'user':
        return [{ who: 'user', text: contentOf(message.content) }]
      case 'assistant':
        return [
          ...(message.content ? [{ who: 'agent' as const, text: contentOf(message.content) }] : []),
          ...(message.toolCalls ?? []).map(({ function: call }) => ({
            who: 'tool' as const,
            text: `${call.name} ${call.arguments}`,
          })),
        ]
      case 'tool':
        return [{ who: 'result', text: message.error ?? contentOf(message.content) }]
      case 'reasoning':
        return [{ who: 'thinking', text: contentOf(message.content) }]
      case 'activity':
        return [{ who: 'activity', text: `${message.activityType} ${JSON.stringify(message.content)}` }]
      default:
        return [{ who: 'system', text: contentOf(message.content) }]
    }
  })

/** Text as it is; of a message in parts, its text and the kinds of the rest. */
const contentOf = (content: unknown): string => {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return JSON.stringify(content) ?? ''
  return content.map((part) => (part?.type === 'text' ? part.text : `[${part?.type}]`)).join(' ')
}

const TITLES: Record<Turn['who'], string> = {
  user: 'User',
  agent: 'Agent',
  thinking: 'Thinking',
  tool: 'Tool call',
  result: 'Tool result',
  system: 'System',
  activity: 'Activity',
}

/** A thread as Markdown: what was said as it is, calls and results as code. */
export const markdownOf = (
  threadId: string,
  about: readonly string[],
  messages: readonly Message[],
): string => {
  const turns = turnsOf(messages).map(({ who, text }) => `**${TITLES[who]}**\n\n${bodyOf(who, text)}`)
  return `${[`# Thread ${oneLine(threadId)}`, about.map((line) => `- ${oneLine(line)}`).join('\n'), ...turns].join('\n\n')}\n`
}

const bodyOf = (who: Turn['who'], text: string): string => {
  if (who === 'tool' || who === 'result' || who === 'activity') return fenced(text)
  return who === 'thinking' ? text.replace(/^/gm, '> ') : text
}

/** The fence is longer than any in the text, which would end it. */
const fenced = (text: string): string => {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map(({ length }) => length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}\n${text}\n${fence}`
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ')
