/** A tool as the model is offered it. */
export interface ToolSpec {
  /** What the model calls it: [A-Za-z0-9_-], 64 characters at most, unique in its box. */
  name: string
  /** What it is called where it comes from; a client's tool has to be announced to the client by this name. */
  ownName: string
  /** `code`, `client` or `mcp:<server>`. A call that was approved names it, so that no other tool takes its place. */
  origin: string
  description: string
  /** JSON Schema of its arguments. */
  parameters: object
  /** A `client` tool is not called here: the run ends, and its result comes with the next one. */
  kind: 'server' | 'client'
  /** Whether a person has to agree to each call. */
  approval: boolean
}

export interface ToolCall {
  id: string
  name: string
  /** JSON as the model wrote it. */
  args: string
  /** Where given, the tool has to come from there. @see ToolSpec.origin */
  origin?: string
}

export interface ToolOutcome {
  content: string
  isError: boolean
}
