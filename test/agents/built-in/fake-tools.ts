import type { BuiltInConfig } from '../../../src/agents/built-in/built-in-agent.ts'
import type { ToolCall, ToolOutcome, ToolSpec } from '../../../src/agents/built-in/tools/tool.ts'
import type { ToolBox } from '../../../src/agents/built-in/tools/tool-box.ts'

export interface FakeTool extends Partial<Omit<ToolSpec, 'name'>> {
  /** What a call gives; a text, or what becomes of it. @default 'done' */
  gives?: string | ((call: ToolCall, signal: AbortSignal) => ToolOutcome | Promise<ToolOutcome>)
}

/** Tools in the place of a real box, which has tests of its own. */
export const fakeTools = (tools: Record<string, FakeTool>, { notices = [] as string[] } = {}) => {
  const called: ToolCall[] = []
  const boxes = { opened: 0, closed: 0 }
  const open: BuiltInConfig['openTools'] = async ({ clientTools }) => {
    boxes.opened += 1
    const given = Object.entries(tools).map(([name, tool]): ToolSpec => specOf(name, tool))
    const clients = clientTools.map(({ name, description, parameters }) => ({
      ...specOf(name.replaceAll('.', '_'), { kind: 'client', description, ownName: name, origin: 'client' }),
      parameters: parameters ?? {},
    }))
    const specs = [...given, ...clients]
    const box: ToolBox = {
      specs,
      notices,
      find: (name) => specs.find((spec) => spec.name === name),
      call: async (call, signal) => {
        called.push(call)
        const tool = tools[call.name]
        if (tool === undefined) return { content: `error: there is no tool "${call.name}"`, isError: true }
        const { gives = 'done' } = tool
        return typeof gives === 'string' ? { content: gives, isError: false } : await gives(call, signal)
      },
      close: async () => {
        boxes.closed += 1
      },
    }
    return box
  }
  return { open, called, boxes }
}

const specOf = (name: string, tool: FakeTool): ToolSpec => ({
  name,
  ownName: tool.ownName ?? name,
  origin: tool.origin ?? 'code',
  description: tool.description ?? `What ${name} does`,
  parameters: tool.parameters ?? { type: 'object', properties: {} },
  kind: tool.kind ?? 'server',
  approval: tool.approval ?? false,
})
