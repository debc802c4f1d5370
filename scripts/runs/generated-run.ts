import type { EndCause } from '../../src/log/record.ts'
import type { AnyEvent } from '../../src/run/event.ts'
import type { Random } from '../../test/simulator/random.ts'
import { logNormal, textOf } from './chance.ts'
import type { Failure, Profile } from './profiles.ts'

export interface TimedEvent {
  event: AnyEvent
  time: number
}

/** A run as its agent sent it. */
export interface GeneratedRun {
  events: TimedEvent[]
  cause: EndCause
}

interface Run {
  random: Random
  profile: Profile
  threadId: string
  runId: string
  events: TimedEvent[]
  now: number
  inputTokens: number
  outputTokens: number
}

const STOP_RATE = 0.02

/** What an agent of this kind may have done, from when it was claimed. */
export const generateRun = (
  random: Random,
  profile: Profile,
  ids: { threadId: string; runId: string; startedAt: number; turn: number },
): GeneratedRun => {
  const { threadId, runId, startedAt, turn } = ids
  // A conversation grows, and with it what the model reads.
  const inputTokens = Math.round(logNormal(random, 900, 0.5) + turn * 450)
  const run: Run = {
    random,
    profile,
    threadId,
    runId,
    events: [],
    now: startedAt,
    inputTokens,
    outputTokens: 0,
  }
  const messages = [{ id: `${runId}-user`, role: 'user', content: textOf(random, random.int(4, 40)) }]
  emit(run, 2, {
    type: 'RUN_STARTED',
    threadId,
    runId,
    input: { threadId, runId, messages, tools: [], context: [] },
  })
  run.now += logNormal(random, profile.firstTokenMs, 0.45)
  const ending = endingOf(random, profile)
  if (profile.reasons) say(run, 'REASONING_MESSAGE', `${runId}-thought`, logNormal(random, 30, 0.6))
  const calls = Math.floor(random.next() ** 1.6 * (profile.toolCallsMax + 1))
  for (let call = 0; call < calls; call += 1) {
    callTool(run, `${runId}-call-${call}`)
    if (ending !== undefined && random.chance(0.4)) break
  }
  if (ending === undefined || random.chance(0.5))
    say(run, 'TEXT_MESSAGE', `${runId}-answer`, logNormal(random, profile.answerDeltas, 0.6))
  if (profile.usage === 'custom') emit(run, 1, { type: 'CUSTOM', name: 'usage', value: snakeUsage(run) })
  emit(run, 3, terminalOf(run, ending))
  return { events: run.events, cause: causeOf(ending) }
}

const emit = (run: Run, afterMs: number, event: AnyEvent): void => {
  run.now += afterMs
  run.events.push({ event, time: Math.round(run.now) })
}

const say = (
  run: Run,
  kind: 'TEXT_MESSAGE' | 'REASONING_MESSAGE',
  messageId: string,
  deltas: number,
): void => {
  const { random, profile } = run
  const role = kind === 'TEXT_MESSAGE' ? 'assistant' : 'reasoning'
  emit(run, 5, { type: `${kind}_START`, messageId, role })
  const count = Math.max(2, Math.round(deltas))
  for (let at = 0; at < count; at += 1)
    emit(run, logNormal(random, profile.paceMs, 0.5), {
      type: `${kind}_CONTENT`,
      messageId,
      delta: textOf(random, random.int(1, 3)),
    })
  emit(run, 2, { type: `${kind}_END`, messageId })
  run.outputTokens += count * 2
}

const callTool = (run: Run, toolCallId: string): void => {
  const { random, profile } = run
  const tool = random.pick(profile.tools)
  const stepName = `use ${tool.name}`
  emit(run, 4, { type: 'STEP_STARTED', stepName })
  emit(run, logNormal(random, 250, 0.5), {
    type: 'TOOL_CALL_START',
    toolCallId,
    toolCallName: tool.name,
  })
  const args = JSON.stringify({ query: textOf(random, 4), limit: random.int(1, 20) })
  for (let at = 0; at < args.length; at += 12)
    emit(run, logNormal(random, profile.paceMs, 0.4), {
      type: 'TOOL_CALL_ARGS',
      toolCallId,
      delta: args.slice(at, at + 12),
    })
  emit(run, 2, { type: 'TOOL_CALL_END', toolCallId })
  const failed = random.chance(tool.failureRate)
  const content = JSON.stringify(
    failed
      ? { error: random.pick(['timed out', 'not found', 'refused']) }
      : { items: random.int(0, 20), text: textOf(random, random.int(5, 60)) },
  )
  emit(run, logNormal(random, failed ? tool.latencyMs * 2 : tool.latencyMs, 0.7), {
    type: 'TOOL_CALL_RESULT',
    messageId: `${toolCallId}-result`,
    toolCallId,
    content,
    role: 'tool',
  })
  emit(run, 2, { type: 'STEP_FINISHED', stepName })
  run.outputTokens += Math.round(args.length / 4)
  run.inputTokens += Math.round(content.length / 4)
}

type Ending = Failure | 'stop' | undefined

const endingOf = (random: Random, { failures }: Profile): Ending => {
  let left = random.next()
  for (const failure of failures) {
    left -= failure.rate
    if (left < 0) return failure
  }
  return left < STOP_RATE ? 'stop' : undefined
}

const causeOf = (ending: Ending): EndCause => {
  if (ending === undefined) return 'agent'
  return ending === 'stop' ? 'stop' : ending.cause
}

const terminalOf = (run: Run, ending: Ending): AnyEvent => {
  const { threadId, runId, profile } = run
  if (typeof ending === 'object') return { type: 'RUN_ERROR', message: ending.message, code: ending.code }
  const finished = { type: 'RUN_FINISHED', threadId, runId }
  // Who was stopped reports nothing.
  if (ending === 'stop') return finished
  if (profile.usage === 'terminal') return { ...finished, usage: [{ model: 'example-1', ...usageOf(run) }] }
  if (profile.usage === 'result') return { ...finished, result: { usage: usageOf(run) } }
  return finished
}

const usageOf = ({ inputTokens, outputTokens }: Run) => ({
  inputTokens,
  outputTokens,
  totalTokens: inputTokens + outputTokens,
})

const snakeUsage = ({ inputTokens, outputTokens }: Run) => ({
  input_tokens: inputTokens,
  output_tokens: outputTokens,
})
