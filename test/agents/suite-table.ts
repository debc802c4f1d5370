import { CASES } from './kafka/cases.ts'
import type { AgentCase, Script } from './suite/agent-case.ts'

type Cell = (agentCase: AgentCase) => string

const YES = '✓'
const NONE = '—'

const script =
  (...names: Script[]): Cell =>
  ({ without = {} }) =>
    names.some((name) => name in without) ? NONE : YES

const code =
  (name: keyof AgentCase['codes']): Cell =>
  ({ codes, without = {} }) =>
    name in without ? NONE : `\`${codes[name]}\``

const ROWS: [what: string, cell: Cell][] = [
  ['a valid AG-UI sequence for clients 0.0.59 and 1.x, one terminal event', () => YES],
  ['frames that say nothing in between', script('pings')],
  ['the whole answer once more at the end, shown once', script('repeated-answer')],
  ['429 once, then the answer', script('rate-limited-once')],
  ['stop within a second, no request left open', script('slow')],
  ['the platform is told of the stop', ({ canStop }) => (canStop ? YES : NONE)],
  ['its answer to that takes 3 s, the stop does not', script('late-stop')],
  ['no secret in events, memory or logs', () => YES],
  [
    'goes on with the platform’s conversation: next run, worker B, worker killed',
    ({ remembers }) => (remembers ? YES : NONE),
  ],
  ['goes on with the thread on worker B, also when A was killed in the middle', () => YES],
  ['not there', () => '`PLATFORM_UNREACHABLE`'],
  ['cut in the middle of a frame', code('cut')],
  ['an error in the stream', code('stream-error')],
  ['a wrong key', code('unauthorized')],
  ['429 always', code('rate-limited')],
  ['500', code('server-error')],
  ['a frame that is no JSON', code('malformed')],
  ['the stream ends without its last frame', code('no-terminal')],
]

/** What the shared suite tests of each type, as Markdown: behaviour by type of agent. */
export const suiteTable = (): string => {
  const header = ['', ...CASES.map(({ type }) => `\`${type}\``)]
  const rows = ROWS.map(([what, cell]) => [what, ...CASES.map(cell)])
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}
