import type { AnyEvent } from '../../src/run/event.ts'

/** One random step of a run; what it makes of the numbers depends on what is open by then. */
export interface Move {
  op: string
  pick: number
  other: number
  text: string
  dressing: number
}

/** Small pools, so that ids collide: within a run, across kinds, and with messages of earlier runs. */
const MESSAGE_IDS = ['m1', 'm2', 'shared', 'p-text', 'p-activity', 'p-parts', 'c1']
const CALL_IDS = ['c1', 'c2', 'shared', 'p-call']
const SUBAGENT = 'sub'

/** What a move comes to. */
type Made = readonly [type: string, fields: object] | undefined

const at = <T>(pool: readonly T[], index: number): T => pool[index % pool.length]!

/** Turns moves into a run that both AG-UI verifiers accept: a move that does not fit is passed over. */
export class RunDraft {
  readonly events: AnyEvent[] = []
  readonly #texts = new Set<string>()
  readonly #calls = new Set<string>()
  readonly #reasoning = new Set<string>()
  readonly #spans = new Set<string>()
  readonly #steps = new Map<string, object>()
  #subagent: 'none' | 'open' | 'closed' = 'none'
  #thinking: Thinking = 'closed'
  #timestamp = 1_000

  push(move: Move, type: string, fields: object): void {
    const event: Record<string, unknown> = { type, ...fields }
    this.#timestamp += 1
    if (move.dressing % 3 === 0) event.timestamp = this.#timestamp
    if (move.dressing === 91) event.metadata = { [at(['a', 'b'], move.pick)]: move.other }
    if (move.dressing === 92) event.rawEvent = { vendor: move.other }
    if (move.dressing === 93) event.unheardOf = move.other
    this.events.push(event as AnyEvent)
  }

  play(move: Move): void {
    const made = this.#make(move)
    if (made !== undefined) this.push(move, ...made)
  }

  #make(move: Move): Made {
    switch (move.op) {
      case 'text':
        return this.#bracket(move, this.#texts, this.#owned(MESSAGE_IDS, move), 'TEXT_MESSAGE')
      case 'textDelta':
        return (
          this.#delta(move, this.#texts, 'TEXT_MESSAGE_CONTENT', 'messageId') ??
          this.#make({ ...move, op: 'text' })
        )
      case 'reasoning':
        return this.#bracket(move, this.#reasoning, this.#owned(MESSAGE_IDS, move), 'REASONING_MESSAGE')
      case 'reasoningDelta':
        return (
          this.#delta(move, this.#reasoning, 'REASONING_MESSAGE_CONTENT', 'messageId') ??
          this.#make({ ...move, op: 'reasoning' })
        )
      case 'span':
        return this.#bracket(move, this.#spans, at(MESSAGE_IDS, move.pick), 'REASONING')
      case 'call':
        return this.#call(move)
      case 'callDelta':
        return (
          this.#delta(move, this.#calls, 'TOOL_CALL_ARGS', 'toolCallId') ??
          this.#make({ ...move, op: 'call' })
        )
      case 'result':
        return this.#result(move)
      case 'step':
        return this.#step(move)
      case 'subagent':
        return this.#subagentTurn(move)
      case 'thinking':
        return this.#thinkingTurn(move)
      case 'encrypted':
        return this.#encrypted(move)
      default:
        throw new Error(`No such move: ${move.op}`)
    }
  }

  /** Ids of the subagent's own, so that no one else's event is taken for its, or the other way round. */
  #owned(pool: readonly string[], move: Move): string {
    return move.other % 7 === 0 ? `${SUBAGENT}-${at(pool, move.pick)}` : at(pool, move.pick)
  }

  /** An opener says whose it is; what continues it may. */
  #tag(id: string, said: boolean): object {
    return id.startsWith(SUBAGENT) && said ? { subagentRunId: SUBAGENT } : {}
  }

  #bracket(move: Move, open: Set<string>, messageId: string, prefix: string): Made {
    const opens = !open.delete(messageId)
    if (opens) open.add(messageId)
    const role = prefix === 'REASONING_MESSAGE' ? 'reasoning' : at(['assistant', 'user'], move.other)
    const fields = {
      messageId,
      ...(opens && prefix !== 'REASONING' && { role }),
      ...this.#tag(messageId, opens || move.other % 2 === 0),
    }
    return [`${prefix}_${opens ? 'START' : 'END'}`, fields]
  }

  #delta(move: Move, open: Set<string>, type: string, field: string): Made {
    if (open.size === 0) return undefined
    const id = at([...open], move.pick)
    return [type, { [field]: id, delta: move.text, ...this.#tag(id, move.other % 3 === 0) }]
  }

  #call(move: Move): Made {
    const toolCallId = this.#owned(CALL_IDS, move)
    if (this.#calls.delete(toolCallId)) return ['TOOL_CALL_END', { toolCallId }]
    this.#calls.add(toolCallId)
    const parent = toolCallId.startsWith(SUBAGENT) ? `${SUBAGENT}-m1` : at(MESSAGE_IDS, move.text.length)
    const fields = {
      toolCallId,
      toolCallName: at(['search', 'count'], move.pick),
      ...(move.dressing % 2 === 0 && { parentMessageId: parent }),
      ...this.#tag(toolCallId, true),
    }
    return ['TOOL_CALL_START', fields]
  }

  #result(move: Move): Made {
    const toolCallId = this.#owned(CALL_IDS, move)
    const subagents = toolCallId.startsWith(SUBAGENT)
    const messageId =
      subagents || move.dressing % 2 === 0 ? `${toolCallId}-result` : at(MESSAGE_IDS, move.pick)
    const fields = { toolCallId, messageId, role: 'tool', content: move.text, ...this.#tag(toolCallId, true) }
    return ['TOOL_CALL_RESULT', fields]
  }

  #step(move: Move): Made {
    const tag = move.other % 3 === 0 ? { subagentRunId: at([SUBAGENT, ''], move.pick) } : {}
    const step = { stepName: at(['plan', 'act'], move.pick), ...tag }
    const key = JSON.stringify(step)
    const opens = !this.#steps.delete(key)
    if (opens) this.#steps.set(key, step)
    return [opens ? 'STEP_STARTED' : 'STEP_FINISHED', step]
  }

  #subagentTurn(move: Move): Made {
    const subagentRunId = SUBAGENT
    if (this.#subagent === 'closed') return undefined
    const opens = this.#subagent === 'none'
    this.#subagent = opens ? 'open' : 'closed'
    if (opens) return ['SUBAGENT_STARTED', { subagentRunId, name: 'helper' }]
    if (move.other % 2 === 0) return ['SUBAGENT_FINISHED', { subagentRunId }]
    return ['SUBAGENT_ERROR', { subagentRunId, message: move.text }]
  }

  #thinkingTurn(move: Move): Made {
    if (this.#thinking === 'text' && move.other % 4 > 0)
      return ['THINKING_TEXT_MESSAGE_CONTENT', { delta: move.text }]
    const [type, next] = thinkingNext(this.#thinking, move.pick % 2 === 0)
    this.#thinking = next
    return [type, {}]
  }

  #encrypted(move: Move): Made {
    const call = move.other % 2 === 0
    const entityId = at(call ? CALL_IDS : MESSAGE_IDS, move.pick)
    const subtype = call ? 'tool-call' : 'message'
    return ['REASONING_ENCRYPTED_VALUE', { entityId, subtype, encryptedValue: move.text }]
  }

  /** Closes what RUN_FINISHED wants closed, in an order that is not finalizeRun's. */
  close(): void {
    const move: Move = { op: 'close', pick: 1, other: 0, text: 'over', dressing: 1 }
    for (const step of this.#steps.values()) this.push(move, 'STEP_FINISHED', step)
    if (this.#subagent === 'open') this.play({ ...move, op: 'subagent' })
    for (const messageId of this.#spans) this.push(move, 'REASONING_END', { messageId })
    for (const messageId of this.#reasoning) this.push(move, 'REASONING_MESSAGE_END', { messageId })
    for (const toolCallId of this.#calls) this.push(move, 'TOOL_CALL_END', { toolCallId })
    for (const messageId of this.#texts) this.push(move, 'TEXT_MESSAGE_END', { messageId })
    while (this.#thinking !== 'closed') this.play({ ...move, op: 'thinking' })
  }
}

type Thinking = 'closed' | 'open' | 'text'

const thinkingNext = (now: Thinking, inward: boolean): [type: string, next: Thinking] => {
  if (now === 'closed') return ['THINKING_START', 'open']
  if (now === 'text') return ['THINKING_TEXT_MESSAGE_END', 'open']
  return inward ? ['THINKING_TEXT_MESSAGE_START', 'text'] : ['THINKING_END', 'closed']
}
