import type { Random } from './random.ts'

/** One step of an agent: it waits, then emits. */
export interface Step {
  waitMs: number
  event: Record<string, unknown>
}

/** What an agent does in a run, and how it behaves when it is told to stop. */
export interface Script {
  steps: Step[]
  /** After the steps: nothing, or an error that it throws. */
  throws: boolean
  onAbort: 'ends' | 'finishes' | 'throws' | 'ignores'
}

/** Something opened, and what closes it. */
type Block = (random: Random, id: string) => Record<string, unknown>[]

const text: Block = (random, id) => [
  { type: 'TEXT_MESSAGE_START', messageId: id, role: 'assistant' },
  ...Array.from({ length: random.int(1, 4) }, () => ({
    type: 'TEXT_MESSAGE_CONTENT',
    messageId: id,
    delta: '',
  })),
  { type: 'TEXT_MESSAGE_END', messageId: id },
]

const toolCall: Block = (random, id) => [
  { type: 'TOOL_CALL_START', toolCallId: id, toolCallName: 'look' },
  ...Array.from({ length: random.int(1, 2) }, () => ({ type: 'TOOL_CALL_ARGS', toolCallId: id, delta: '' })),
  { type: 'TOOL_CALL_END', toolCallId: id },
]

const step: Block = (_random, id) => [
  { type: 'STEP_STARTED', stepName: id },
  { type: 'STEP_FINISHED', stepName: id },
]

const snapshot: Block = (random, id) => [
  { type: 'STATE_SNAPSHOT', snapshot: { [`s${random.int(0, 2)}`]: id } },
]

const delta: Block = (random, id) => [
  { type: 'STATE_DELTA', delta: [{ op: 'add', path: `/s${random.int(0, 2)}`, value: id }] },
]

const BLOCKS: readonly Block[] = [text, text, toolCall, step, snapshot, delta]

/** A run of a few blocks, sometimes one that misbehaves. `paceMs`: the longest wait between two events. */
export const writeScript = (random: Random, runId: string, threadId: string, paceMs: number): Script => {
  const blocks = Array.from({ length: random.int(0, 3) }, (_, index) =>
    random.pick(BLOCKS)(random, `${runId}.${index}`),
  )
  const events: Record<string, unknown>[] = [{ type: 'RUN_STARTED', threadId, runId }, ...blocks.flat()]
  const die = random.next()
  if (die < 0.75) events.push({ type: 'RUN_FINISHED', threadId, runId })
  else if (die < 0.8) events.push({ type: 'RUN_ERROR', message: 'the agent says so' })
  // After its terminal event: nobody is to see that.
  if (die < 0.1) events.push({ type: 'TEXT_MESSAGE_START', messageId: `${runId}.after`, role: 'assistant' })
  // In the middle of something, or before anything.
  if (die > 0.9) events.splice(random.int(0, events.length))
  return {
    steps: events.map((event) => ({ waitMs: random.chance(0.4) ? 0 : random.next() * paceMs, event })),
    throws: die > 0.85,
    onAbort: random.pick(['ends', 'finishes', 'throws', 'ignores']),
  }
}
