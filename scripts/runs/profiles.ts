/** What a generated agent is like. Times in milliseconds; medians of log-normal distributions. */
export interface Profile {
  agentId: string
  /** Of all threads, relative to the others. */
  weight: number
  firstTokenMs: number
  /** Between two deltas. */
  paceMs: number
  /** Deltas of an answer. */
  answerDeltas: number
  reasons: boolean
  /** The most tool calls of a run. */
  toolCallsMax: number
  tools: readonly Tool[]
  /** How it reports tokens. */
  usage: 'terminal' | 'result' | 'custom' | 'none'
  failures: readonly Failure[]
}

export interface Tool {
  name: string
  latencyMs: number
  /** Of 1. */
  failureRate: number
}

export interface Failure {
  code: string
  message: string
  cause: 'agent' | 'failure' | 'timeout' | 'worker-lost'
  /** Of all runs. */
  rate: number
}

const overloaded: Failure = {
  code: 'MODEL_OVERLOADED',
  message: 'The model answered 529 three times.',
  cause: 'agent',
  rate: 0.012,
}
const incomplete: Failure = {
  code: 'INCOMPLETE_STREAM',
  message: 'The agent ended without a terminal event.',
  cause: 'failure',
  rate: 0.004,
}
const lost: Failure = {
  code: 'WORKER_LOST',
  message: 'The worker that executed the run was lost.',
  cause: 'worker-lost',
  rate: 0.002,
}

export const PROFILES: readonly Profile[] = [
  {
    agentId: 'support',
    weight: 55,
    firstTokenMs: 700,
    paceMs: 28,
    answerDeltas: 60,
    reasons: false,
    toolCallsMax: 4,
    tools: [
      { name: 'search_articles', latencyMs: 220, failureRate: 0.01 },
      { name: 'get_order', latencyMs: 90, failureRate: 0.02 },
      { name: 'create_ticket', latencyMs: 450, failureRate: 0.05 },
    ],
    usage: 'terminal',
    failures: [overloaded, incomplete, lost],
  },
  {
    agentId: 'research',
    weight: 20,
    firstTokenMs: 1_600,
    paceMs: 35,
    answerDeltas: 150,
    reasons: true,
    toolCallsMax: 9,
    tools: [
      { name: 'web_search', latencyMs: 1_300, failureRate: 0.06 },
      { name: 'read_page', latencyMs: 2_100, failureRate: 0.12 },
      { name: 'run_sql', latencyMs: 800, failureRate: 0.04 },
    ],
    usage: 'custom',
    failures: [
      { ...overloaded, rate: 0.03 },
      {
        code: 'RUN_TIMEOUT',
        message: 'The run lasted longer than 3600000 ms.',
        cause: 'timeout',
        rate: 0.004,
      },
      lost,
    ],
  },
  {
    agentId: 'billing',
    weight: 15,
    firstTokenMs: 550,
    paceMs: 25,
    answerDeltas: 40,
    reasons: false,
    toolCallsMax: 3,
    tools: [
      { name: 'get_invoice', latencyMs: 130, failureRate: 0.015 },
      { name: 'refund', latencyMs: 900, failureRate: 0.08 },
    ],
    usage: 'result',
    failures: [
      {
        code: 'POLICY_REFUSED',
        message: 'A refund above the limit was asked for.',
        cause: 'agent',
        rate: 0.02,
      },
      overloaded,
    ],
  },
  {
    agentId: 'coder',
    weight: 10,
    firstTokenMs: 1_100,
    paceMs: 18,
    answerDeltas: 220,
    reasons: true,
    toolCallsMax: 12,
    tools: [
      { name: 'read_file', latencyMs: 12, failureRate: 0.03 },
      { name: 'edit_file', latencyMs: 18, failureRate: 0.09 },
      { name: 'run_tests', latencyMs: 9_000, failureRate: 0.3 },
    ],
    usage: 'none',
    failures: [
      {
        code: 'CONTEXT_TOO_LONG',
        message: 'The conversation is longer than the model takes.',
        cause: 'agent',
        rate: 0.025,
      },
      incomplete,
    ],
  },
]
