import type { RunEvents } from '../run-events.ts'
import { fieldsOf, parsedOr, textIn } from './frame.ts'

interface OpenCall {
  id: string
  name: string
  args: string
}

/** The calls of a chat. Coze does not say which result is of which call: they come in the calls' order. */
export class ToolCalls {
  readonly #events: RunEvents
  readonly #open: OpenCall[] = []
  readonly #submitted: string[]

  constructor(events: RunEvents, submitted: readonly string[]) {
    this.#events = events
    this.#submitted = [...submitted]
  }

  /** A message of type function_call: {name, arguments} among other things, as JSON. */
  call(content: string): void {
    const parsed = parsedOr(content)
    const fields = fieldsOf(parsed)
    const name = textIn(fields, 'name') ?? 'function_call'
    const args = typeof parsed === 'string' ? parsed : asText(fields.arguments)
    this.#open.push({ id: this.#events.toolCall(name, args), name, args })
  }

  result(content: string): void {
    const echoed = this.#submitted.indexOf(content)
    if (echoed !== -1) {
      this.#submitted.splice(echoed, 1)
      return
    }
    const call = this.#open.shift()
    if (call === undefined) this.#events.custom('coze.tool_response', parsedOr(content))
    else this.#events.toolResult(call.id, content)
  }

  /**
   * A call that somebody else has to answer; gives its id in the run. Coze may have told of the same call in a message
   * before, under the plugin's name and the tool's: "weather-get_rain_probability".
   */
  required(name: string, args: string): string {
    const told = this.#open.findIndex(
      (call) => (call.name === name || call.name.endsWith(`-${name}`)) && isSame(call.args, args),
    )
    if (told === -1) return this.#events.toolCall(name, args === '' ? '{}' : args)
    const [call] = this.#open.splice(told, 1) as [OpenCall]
    return call.id
  }
}

const asText = (args: unknown): string => (typeof args === 'string' ? args : JSON.stringify(args ?? {}))

/** The same JSON, however it is written. */
const isSame = (one: string, other: string): boolean => normal(one) === normal(other)

const normal = (args: string): string => JSON.stringify(parsedOr(args === '' ? '{}' : args))
