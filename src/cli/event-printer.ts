import type { BaseEvent } from '@ag-ui/client'
import type { AnyEvent } from '../run/event.ts'
import { type Format, TextColumn } from './text-column.ts'

export interface EventPrinter {
  print(event: BaseEvent): void
  /** Ends a line that is open. */
  end(): void
}

/** One event a line, for programs. */
export const createJsonPrinter = (out: NodeJS.WriteStream): EventPrinter => ({
  print: (event) => {
    out.write(`${JSON.stringify(event)}\n`)
  },
  end: () => {},
})

/** For people. A function of the events alone: a live run and its replay print the same. */
export const createReadablePrinter = (out: NodeJS.WriteStream): EventPrinter => {
  const column = new TextColumn(out)
  /** The message or tool call whose line is open. */
  let open: string | undefined
  let first = true

  const begin = (id: string, who: string, format: Format) => {
    column.begin(who, format)
    open = id
  }
  const end = (id?: string) => {
    if (id !== undefined && id !== open) return
    column.end()
    open = undefined
  }
  const line = (who: string, text: string, format: Format = 'dim') => {
    begin(who, who, format)
    column.write(text, format)
    end()
  }
  /** A delta; messages that take turns get their heading again. */
  const append = (id: string, who: string, text: string, [head, body]: readonly [Format, Format]) => {
    if (open !== id) begin(id, who, head)
    column.write(text, body)
  }
  const startRun = (event: AnyEvent) => {
    end()
    if (!first) out.write('\n')
    first = false
    line('run', String(event.runId))
    for (const { role, content } of newMessages(event)) {
      if (role === 'user') line('you', contentOf(content), 'bold')
    }
  }

  const print = (event: AnyEvent) => {
    const { id, call, who, delta } = textOf(event)
    switch (event.type) {
      case 'RUN_STARTED':
        return startRun(event)
      case 'TEXT_MESSAGE_START':
        return begin(id, who, ANSWER[0])
      case 'TEXT_MESSAGE_CONTENT':
        return append(id, who, delta, ANSWER)
      case 'REASONING_MESSAGE_START':
        return begin(id, 'thinking', THOUGHT[0])
      case 'REASONING_MESSAGE_CONTENT':
        return append(id, 'thinking', delta, THOUGHT)
      case 'TOOL_CALL_START':
        return append(call, 'tool', `${event.toolCallName} `, TOOL)
      case 'TOOL_CALL_ARGS':
        return append(call, 'tool', delta, TOOL)
      case 'TOOL_CALL_RESULT':
        return line('', `→ ${contentOf(event.content)}`)
      case 'TEXT_MESSAGE_END':
      case 'REASONING_MESSAGE_END':
        return end(id)
      case 'TOOL_CALL_END':
        return end(call)
      default: {
        const own = lineOf(event)
        if (own !== undefined) line(...own)
        return undefined
      }
    }
  }
  return { print: (event) => print(event as AnyEvent), end }
}

const ANSWER = [['bold', 'cyan'], 'reset'] as const satisfies [Format, Format]
const THOUGHT = ['dim', 'dim'] as const satisfies [Format, Format]
const TOOL = ['yellow', 'dim'] as const satisfies [Format, Format]

/** Events that are a line of their own: who, what, and how it looks; undefined for those that say nothing. */
const lineOf = (event: AnyEvent): [who: string, text: string, format?: Format] | undefined => {
  switch (event.type) {
    case 'RUN_FINISHED':
      return isInterrupt(event)
        ? ['waiting', `for input: ${JSON.stringify(event.outcome)}`, 'yellow']
        : ['done', 'run finished', 'green']
    case 'RUN_ERROR':
      return ['failed', `${event.message}${event.code ? ` [${event.code}]` : ''}`, 'red']
    case 'STEP_STARTED':
      return ['step', String(event.stepName)]
    case 'STATE_SNAPSHOT':
      return ['state', JSON.stringify(event.snapshot)]
    case 'STATE_DELTA':
      return ['state', (event.delta as Patch[]).map(patchText).join('\n')]
    case 'MESSAGES_SNAPSHOT':
      return ['messages', `${(event.messages as unknown[]).length} in a snapshot`]
    case 'CUSTOM':
      return ['custom', `${event.name} ${JSON.stringify(event.value)}`]
    case 'STEP_FINISHED':
    case 'REASONING_START':
    case 'REASONING_END':
    case 'REASONING_ENCRYPTED_VALUE':
      return undefined
    default: {
      const { type, timestamp: _timestamp, rawEvent: _rawEvent, ...rest } = event
      return [type.split('_')[0]?.toLowerCase() ?? '', `${type} ${JSON.stringify(rest)}`]
    }
  }
}

const textOf = (event: AnyEvent) => ({
  id: String(event.messageId),
  call: String(event.toolCallId),
  who: event.role === 'user' ? 'you' : 'agent',
  delta: String(event.delta ?? ''),
})

const newMessages = (event: AnyEvent): { role?: string; content?: unknown }[] =>
  (event.input as { messages?: { role?: string; content?: unknown }[] } | undefined)?.messages ?? []

/** Text as it is; of a message in parts, its text and the kinds of the rest. */
const contentOf = (content: unknown): string => {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return JSON.stringify(content) ?? ''
  return content.map((part) => (part?.type === 'text' ? part.text : `[${part?.type}]`)).join(' ')
}

interface Patch {
  op: string
  path: string
  value?: unknown
}

const patchText = ({ op, path, value }: Patch): string =>
  value === undefined ? `${op} ${path}` : `${path} = ${JSON.stringify(value)}`

const isInterrupt = ({ outcome }: AnyEvent): boolean =>
  (outcome as { type?: string } | undefined)?.type === 'interrupt'
