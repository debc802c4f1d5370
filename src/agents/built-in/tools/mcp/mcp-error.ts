/** What is wrong with an MCP server: without its name, which its user knows, and without secrets. */
export class McpServerError extends Error {
  override readonly name = 'McpServerError'
  /** What to do about it. */
  readonly fix: string

  constructor(problem: string, fix: string, options: { cause?: unknown } = {}) {
    super(problem, options)
    this.fix = fix
  }
}
