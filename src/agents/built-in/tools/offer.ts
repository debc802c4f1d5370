import { needsApproval } from './approval.ts'
import type { CheckArguments } from './arguments.ts'
import type { ToolSettings } from './settings.ts'
import type { ToolCall, ToolOutcome, ToolSpec } from './tool.ts'
import { sanitised, ToolNames } from './tool-names.ts'

/** A tool before it has a name that is its own in the box. */
export interface OfferedTool {
  ownName: string
  origin: string
  description: string
  parameters: object
  approval: boolean
  /** The settings that count for it. */
  approvalSettings: ToolSettings['approval']
  /** Undefined for tools of the client. */
  work: ToolWork | undefined
}

export interface ToolWork {
  timeoutMs: number
  check: CheckArguments
  execute(args: unknown, call: ToolCall, signal: AbortSignal): Promise<ToolOutcome>
}

export interface Entry {
  spec: ToolSpec
  work: ToolWork | undefined
}

/** What a model is offered: only ever added to, so that the beginning of its prompt stays the same. */
export class Offer {
  readonly #names = new ToolNames()
  readonly #entries = new Map<string, Entry>()
  readonly #known = new Set<string>()
  #specs: readonly ToolSpec[] = []

  get specs(): readonly ToolSpec[] {
    return this.#specs
  }

  find(name: string): Entry | undefined {
    return this.#entries.get(name)
  }

  /** Whether a tool of that name would get another one. */
  isTaken(ownName: string): boolean {
    return this.#names.has(sanitised(ownName))
  }

  /** Those that it has already are left out. */
  add(tools: readonly OfferedTool[]): void {
    for (const tool of tools) {
      const key = JSON.stringify([tool.origin, tool.ownName])
      // Two tools from code may have one name; a server's are known by theirs.
      if (tool.origin !== 'code' && this.#known.has(key)) continue
      this.#known.add(key)
      this.#addOne(tool)
    }
    this.#specs = [...this.#entries.values()].map(({ spec }) => spec)
  }

  #addOne({ ownName, origin, description, parameters, approval, approvalSettings, work }: OfferedTool): void {
    const name = this.#names.take(ownName)
    const spec: ToolSpec = {
      name,
      ownName,
      origin,
      description,
      parameters,
      kind: work === undefined ? 'client' : 'server',
      approval: work !== undefined && (approval || needsApproval(approvalSettings, [name, ownName])),
    }
    this.#entries.set(name, { spec, work })
  }
}
